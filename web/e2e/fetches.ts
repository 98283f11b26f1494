/** Every way in which HTML and CSS have something fetched, as a mail may try it. */

export function fetches(X: string): readonly string[] {
  const { origin } = new URL(X);
  return [
    `<img src="${X}">`, `<img srcset="${X} 2x">`, `<picture><source srcset="${X}"><img></picture>`, `<video poster="${X}"><source src="${X}"><track src="${X}"></video>`, `<audio src="${X}" autoplay></audio>`, `<input type=image src="${X}">`,
    `<link rel=stylesheet href="${X}">`, `<link rel=prefetch href="${X}">`, `<link rel=preconnect href="${origin}">`, `<link rel=dns-prefetch href="${origin.replace(/^https?:/, '')}">`, `<link rel=icon href="${X}">`, `<meta http-equiv=refresh content="0;url=${X}">`, `<base href="${origin}/"><img src=x>`,
    `<style>@import url("${X}"); body{background:url("${X}")} @font-face{font-family:q;src:url("${X}")} p{font-family:q}</style><p>a</p>`, `<p style="background:url('${X}')">a</p>`, `<p style="background-image:image-set(url('${X}') 1x)">a</p>`,
    `<p style="list-style-image:url('${X}');display:list-item">a</p>`, `<p style="border-image:url('${X}') 30">a</p>`, `<p style="cursor:url('${X}'),auto">a</p>`, `<p style="content:url('${X}')">a</p>`, `<p style="mask:url('${X}');filter:url('${X}');clip-path:url('${X}')">a</p>`, `<p style="--a:url('${X}');background:var(--a)">a</p>`, `<p style="background:\\75rl('${X}')">a</p>`, `<p style="background:u/**/rl('${X}')">a</p>`,
    `<table background="${X}"><tr><td background="${X}">a</table>`, `<body background="${X}">a`, `<svg><image href="${X}"/><use href="${X}#a"/><feImage href="${X}"/></svg>`, `<iframe src="${X}"></iframe>`, `<frameset><frame src="${X}"></frameset>`, `<object data="${X}"></object>`, `<embed src="${X}">`, `<applet code="${X}"></applet>`, `<bgsound src="${X}">`, `<script src="${X}"></script>`,
    `<a href="${X}" ping="${X}">a</a>`, `<img data-remote="0" src="${X}">`, `<img data-part="0" src="${X}" srcset="${X}">`, `<blockquote cite="${X}">a</blockquote>`, `<q cite="${X}">a</q>`, `<html manifest="${X}">`, `<portal src="${X}"></portal>`, `<img src="${X}" loading=eager decoding=sync fetchpriority=high>`,
  ];
}
