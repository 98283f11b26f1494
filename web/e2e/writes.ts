/**
 * Every text that a write of the API takes, and what a test of stored texts does with it (security.md, row 1). The texts are read from the
 * API's own description: a route or a field that is new needs an entry here before the tests run again.
 */

/** Of the well-known classes; short, because names are. Whoever runs one sets `__xss`, opens a dialog or asks a stranger. */
export const PAYLOADS = [
  '<script>window.__xss=1</script>',
  '"><img src=x onerror=window.__xss=1>',
  "'-alert(1)-'\"-alert(1)-\"",
  '<svg/onload=window.__xss=1>',
  'javascript:alert(1)//https://evil.example',
  '<a href=javascript:alert(1) autofocus onfocus=alert(1)>x',
  '<iframe srcdoc="<script>top.__xss=1</script>">',
  '</title></textarea><script>alert(1)</script>',
  '<math><mi//xlink:href="javascript:alert(1)">x',
  "<style>@import'//evil.example/x'</style>",
  '<img src=//evil.example/i><object data=//evil.example>',
  "{{constructor.constructor('__xss=1')()}}",
  '<details open ontoggle=alert(1)>${alert(1)}',
  '<base href=//evil.example/><form action=//evil.example>',
  '<noscript><b title="</noscript><svg onload=alert(1)>">',
] as const;
/** For what is shorter than the longest of them. */
const SHORT = PAYLOADS.filter((payload) => payload.length <= 40);

export type Ids = Record<string, string>;
export interface Call {
  /** Below `/api/v1/`, or from the root. */
  readonly path: string;
  readonly body?: unknown;
  readonly file?: Uint8Array;
}
export interface Write {
  /** Who asks; nobody else may. */
  readonly as?: 'agent' | 'visitor';
  /** Calls that hold the text in every field that takes it. `short` is one of at most 40 characters. */
  readonly keeps?: (x: string, ids: Ids, short: string, n: number) => readonly Call[];
  /** What the answer's id is called from then on. */
  readonly names?: string;
  /** Fields that take no such text: it is refused, and that is tried. */
  readonly refuses?: readonly string[];
  /** Fields that are kept from everybody, or kept nowhere: why. */
  readonly nowhere?: Readonly<Record<string, string>>;
}

const SECRET = 'a secret: sealed, and shown to nobody';
const ASKS = 'asks only: nothing is kept';
const [mail, password] = ['/to[]/name /to[]/address /cc[]/name /cc[]/address /bcc[]/name /bcc[]/address'.split(' '), { '/password': SECRET }];
const receivers = (x: string) => ({ to: [{ name: x, address: 'luz@casa.example' }], cc: [{ name: x, address: 'eva@casa.example' }], bcc: [{ name: x, address: 'leo@casa.example' }] });
const addresses = (before: string) => mail.filter((one) => one.endsWith('address')).map((one) => before + one);

const campaign = (x: string, { client, field }: Ids) => ({
  name: x,
  limits: { full_message: x, closing_message: x },
  out_of_hours_message: x,
  closing: { reminders: [x, `${x} 2`], wrap_up: 'none' },
  mail: { from_name: x, rating: { prompt: x, thanks: x } },
  fields: [{ field, label: x }],
  client,
});
const channel = (x: string, { client, campaign: of }: Ids, short: string) => ({
  client,
  campaign: of,
  name: x,
  kind: 'webchat',
  webchat: {
    texts: { es: { title: x, launcher: short, welcome: x, out_of_hours: x } },
    pre_chat: [{ name: 'topic', kind: 'choice', labels: { es: x }, options: [x, 'otra'], required: false }, { name: 'note', kind: 'text', labels: { es: x } }],
  },
});
const schedule = (x: string, { client }: Ids) => ({
  client,
  name: x,
  zone: 'UTC',
  weekly: [{ day: 'Mon', start: 0, end: 1440 }],
  exceptions: [{ date: '2031-01-01', intervals: [] }],
  holidays: { switched: {}, days: [{ date: '2030-12-24', yearly: true, name: x, intervals: [] }] },
  override: { open: true, reason: x },
});
const server = { host: 'correo.invalid', port: 993, security: 'tls' };
const account = (x: string, { client, campaign: of }: Ids, n: number) => ({
  client, campaign: of, address: `cuenta${n}@andina.example`, from_name: x, receives: true, imap: server, smtp: server, user: x,
  sending: { login: 'own', user: x }, folders: { inbox: x, done: `${x} 2`, failed: `${x} 3` }, enabled: false, password: 'una-clave', sending_password: 'otra-clave', trusted_authserv: x.replace(/\s/g, ''),
});
const ACCOUNT = ['/address', '/imap/host', '/smtp/host'];
const template = (x: string, { client }: Ids) => ({ client, name: x, purpose: 'message', subject: x, html: `<p>Hola ${x}</p>`, text: x });
const canned = (x: string, { client }: Ids, n: number) => ({ client, shortcut: `t${n}`, title: x, text: x });
const field = (x: string, { client }: Ids) => ({ client, name: x, kind: 'list', options: [x, 'otra'], description: x });
const user = (x: string, n: number) => ({ login: `${x.replace(/\s/g, '')}${n}`, name: x, role: 'auditor', scopes: [{ kind: 'all' }], password: 'una clave de prueba' });
const draft = (x: string) => ({ text: x, rev: 1, mail: { kind: 'reply', subject: x, html: `<p>Hola ${x}</p>`, history: false, ...receivers(x) } });
/** Of the two that change the same: what was made by the first. */
const both = (collection: string, name: string, write: Omit<Write, 'keeps'>, body: (x: string, ids: Ids, short: string, n: number) => object): Record<string, Write> => {
  return {
    [`POST /api/v1/${collection}`]: { ...write, names: name, keeps: (x, ids, short, n) => [{ path: collection, body: body(x, ids, short, n) }] },
    [`PATCH /api/v1/${collection}/{id}`]: {
      ...write,
      keeps: (x, ids, short, n) => {
        // What says whose it is, and what it is, stays.
        const { client, kind, purpose, password: secret, sending_password: other, ...rest } = { ...body(x, ids, short, n) } as Record<string, unknown>;
        void [client, kind, purpose, secret, other];
        return [{ path: `${collection}/${ids[name]}`, body: rest }];
      },
    },
  };
};

/** In the order in which they are made. */
export const WRITES: Readonly<Record<string, Write>> = {
  ...both('clients', 'client2', { refuses: ['/zone'] }, (x) => ({ name: x, zone: 'UTC' })),
  ...both('projects', 'project', {}, (x, { client }) => ({ client, name: x })),
  ...both('breaks', 'break', { refuses: ['/icon'] }, (x) => ({ name: x, minutes: 5 })),
  ...both('skills', 'skill', {}, (x, { client }) => ({ client, name: x })),
  ...both('dispositions', 'disposition', {}, (x, { client }) => ({ client, name: x })),
  ...both('fields', 'field', { refuses: ['/key'] }, field),
  ...both('schedules', 'schedule', { refuses: ['/zone', '/weekly[]/day', '/exceptions[]/date', '/holidays/days[]/date'] }, schedule),
  ...both('campaigns', 'campaign2', {}, campaign),
  ...both('canned-texts', 'canned', { refuses: ['/shortcut'] }, (x, ids, _, n) => canned(x, ids, n)),
  ...both('templates', 'template', {}, template),
  ...both('channels', 'chat', { refuses: ['/endpoint', '/webchat/allowed_origins[]', '/webchat/theme/colour', '/webchat/pre_chat[]/name'] }, channel),
  ...both('mail-accounts', 'mail2', { refuses: ACCOUNT, nowhere: { ...password, '/sending_password': SECRET } }, (x, ids, _, n) => account(x, ids, n)),
  ...both('users', 'user2', { nowhere: password }, (x, _, __, n) => user(x, n)),
  'POST /api/v1/mail-suppressions': { refuses: ['/address'], keeps: (x, { client }, __, n) => [{ path: 'mail-suppressions', body: { client, address: `fuera${n}@casa.example`, note: x } }] },
  'POST /api/v1/tokens': { keeps: (x) => [{ path: 'tokens', body: { name: x, role: 'auditor', scopes: [{ kind: 'all' }] } }] },
  'POST /api/v1/resources': {
    names: 'resource',
    refuses: ['?shortcut'],
    keeps: (x, { client }, __, n) => [{ path: `resources?${new URLSearchParams({ client: client!, name: `${x}.txt`, shortcut: `r${n}`, title: x, folder: x })}`, file: Buffer.from(x) }],
  },
  'PATCH /api/v1/resources/{id}': { refuses: ['/shortcut'], keeps: (x, { resource }) => [{ path: `resources/${resource}`, body: { title: x, folder: x } }] },
  'PUT /api/v1/resources/{id}/file': { keeps: (x, { resource }) => [{ path: `resources/${resource}/file?${new URLSearchParams({ name: `${x}.svg` })}`, file: Buffer.from(`<svg onload="alert(1)">${x}</svg>`) }] },
  'PUT /api/v1/clients/{id}/mail-providers/{provider}': {
    refuses: ['/authorize_url', '/token_url', '/tenant'],
    nowhere: { '/client_secret': SECRET },
    keeps: (x, { client }) => [{ path: `clients/${client}/mail-providers/generic`, body: { client_id: x, name: x, client_secret: 'y', authorize_url: 'https://sso.example/a', token_url: 'https://sso.example/t', scopes: x } }],
  },
  'PATCH /api/v1/me': { as: 'agent', refuses: ['/language', '/region'], keeps: (x) => [{ path: 'me', body: { name: x } }] },

  'POST /api/v1/conversations': {
    as: 'agent',
    names: 'thread',
    refuses: ['/address', ...addresses('/mail')],
    keeps: (x, { campaign: of, account: by }, _, n) => [
      { path: 'conversations', body: { campaign: of, channel: by, address: `cliente${n}b@casa.example`, name: x, text: '', mail: { subject: x, html: `<p>Hola ${x}</p>`, ...receivers(x) } } },
      { path: 'conversations', body: { campaign: of, channel: by, address: `cliente${n}c@casa.example`, name: x, text: x, mail: { subject: x } } },
    ],
  },
  'PATCH /api/v1/contacts/{id}': { as: 'agent', keeps: (x, { contact }) => [{ path: `contacts/${contact}`, body: { name: x, notes: x } }] },
  'POST /api/v1/contacts/{id}/addresses': { keeps: (x, { contact }) => [{ path: `contacts/${contact}/addresses`, body: { kind: 'api', value: x } }] },
  'POST /api/v1/attachments': {
    as: 'agent',
    names: 'attachment',
    keeps: (x, { conversation }) => [{ path: `attachments?${new URLSearchParams({ conversation: conversation!, name: `${x}.html` })}`, file: Buffer.from(`<html><body>${x}</body></html>`) }],
  },
  'POST /api/v1/conversations/{id}/messages': {
    as: 'agent',
    refuses: addresses('/mail'),
    keeps: (x, { conversation, thread, attachment }) => [
      { path: `conversations/${conversation}/messages`, body: { text: x, attachments: [attachment] } },
      { path: `conversations/${thread}/messages`, body: { mail: { subject: x, html: `<p>Hola ${x}</p>`, ...receivers(x) }, undo: true } },
    ],
  },
  'POST /api/v1/conversations/{id}/notes': { as: 'agent', keeps: (x, { conversation }) => [{ path: `conversations/${conversation}/notes`, body: { text: x } }] },
  'PUT /api/v1/conversations/{id}/tags': { as: 'agent', keeps: (_, { conversation, thread }, short) => [conversation, thread].map((id) => ({ path: `conversations/${id}/tags`, body: { tags: [short] } })) },
  'PUT /api/v1/drafts/{conversation}/{mode}': {
    as: 'agent',
    nowhere: Object.fromEntries(addresses('/mail').map((one) => [one, 'kept as it is written, and checked when it is sent: tried with the rest'])),
    keeps: (x, { conversation, thread }) => [{ path: `drafts/${conversation}/reply`, body: { text: x, rev: 1 } }, { path: `drafts/${thread}/reply`, body: draft(x) }],
  },

  'PUT /widget/v1/answers': { as: 'visitor', keeps: (x) => [{ path: '/widget/v1/answers', body: { answers: { topic: x, note: x } } }] },
  'POST /widget/v1/attachments': { as: 'visitor', names: 'theirs', keeps: (x) => [{ path: `/widget/v1/attachments?${new URLSearchParams({ name: `${x}.png` })}`, file: Buffer.from(x) }] },
  'POST /widget/v1/messages': { as: 'visitor', keeps: (x, { theirs }) => [{ path: '/widget/v1/messages', body: { text: x, name: x, attachments: [theirs] } }] },
  'POST /widget/v1/rating': { as: 'visitor', keeps: (x, { talk }) => [{ path: '/widget/v1/rating', body: { conversation: talk, score: 2, comment: x } }] },

  'POST /widget/v1/{channel}/session': { nowhere: { '/identity': 'a signed token: its claims are the tests of the widget' } },
  'POST /api/v1/session': { nowhere: { '/login': ASKS, '/password': SECRET } },
  'POST /api/v1/demo/session': { nowhere: { '/login': 'on a demo only: the name of one of its people' } },
  'PUT /api/v1/me/password': { nowhere: { '/current': SECRET, '/new': SECRET } },
  'POST /api/v1/invitations/check': { nowhere: { '/token': SECRET } },
  'POST /api/v1/invitations/accept': { nowhere: { '/token': SECRET, '/password': SECRET } },
  'PUT /api/v1/mail-accounts/{id}/password': { nowhere: { '/password': SECRET, '/sending_password': SECRET } },
  'POST /api/v1/mail-accounts/discover': { nowhere: { '/address': ASKS } },
  'POST /api/v1/mail-accounts/test': { nowhere: { '/*': 'as the account\'s own, and nothing is kept' } },
  'POST /api/v1/schedules/calendar-file': { nowhere: { '/text': ASKS } },
  'POST /api/v1/schedules/preview': { nowhere: { '/*': 'as the schedule\'s own, and nothing is kept' } },
  'POST /api/v1/simulations': { nowhere: { '/*': ASKS } },
  'POST /api/v1/templates/preview': { nowhere: { '/*': 'asked by the templates\' own screen, and nothing is kept' } },
  'POST /api/v1/templates/test': { nowhere: { '/*': 'sends one mail, and nothing is kept' } },
};

/** The text of this turn, and one that is short. */
export const textsOf = (n: number): [string, string] => [PAYLOADS[n]!, PAYLOADS[n]!.length <= 40 ? PAYLOADS[n]! : SHORT[n % SHORT.length]!];

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema?: Schema }[];
}
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Of every write the places of its texts: `/mail/to[]/name`, `/fields[]/label`, `?name`. Not ids, moments and words to choose from. */
export function textFields({ paths, components }: Description): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const walk = (schema: Schema | undefined, at: string, into: Set<string>, above: readonly string[]): void => {
    if (!schema) return;
    const name = schema.$ref?.split('/').pop();
    if (name !== undefined) {
      if (!above.includes(name)) walk(components.schemas[name], at, into, [...above, name]);
      return;
    }
    for (const one of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) walk(one, at, into, above);
    if ([schema.type].flat().includes('string') && !schema.enum && !['uuid', 'date-time'].includes(schema.format ?? '')) into.add(at);
    walk(schema.items, `${at}[]`, into, above);
    for (const [key, one] of Object.entries(schema.properties ?? {})) walk(one, `${at}/${key}`, into, above);
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${at}/*`, into, above);
  };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { requestBody, parameters }] of Object.entries(operations)) {
      if (!['post', 'put', 'patch', 'delete'].includes(method)) continue;
      const texts = new Set<string>();
      for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) if (/json/.test(type)) walk(schema, '', texts, []);
      for (const { in: where, name, schema } of parameters ?? []) if (where === 'query') walk(schema, `?${name}`, texts, []);
      // A body that is no object is a file.
      texts.delete('');
      if (texts.size > 0) found.set(`${method.toUpperCase()} ${path}`, texts);
    }
  }
  return found;
}

/** The places of a call that hold this text. */
export function placesOf({ path, body }: Call, text: string): Set<string> {
  const places = new Set<string>();
  const walk = (value: unknown, at: string): void => {
    if (typeof value === 'string' && value.includes(text)) places.add(at);
    else if (Array.isArray(value)) value.forEach((one) => walk(one, `${at}[]`));
    else if (value && typeof value === 'object') Object.entries(value).forEach(([key, one]) => walk(one, `${at}/${key}`));
  };
  walk(body, '');
  for (const [name, value] of new URLSearchParams(path.split('?')[1] ?? '')) if (value.includes(text)) places.add(`?${name}`);
  return places;
}

/** A call with something else in one place. */
export function withText({ path, body, ...rest }: Call, place: string, text: string): Call {
  if (place.startsWith('?')) {
    const [where = '', query] = path.split('?');
    const changed = new URLSearchParams(query);
    changed.set(place.slice(1), text);
    return { ...rest, path: `${where}?${changed}`, body };
  }
  const put = (value: unknown, keys: readonly string[]): unknown => {
    const [key, ...further] = keys;
    if (key === undefined) return text;
    if (key.endsWith('[]')) {
      const name = key.slice(0, -2);
      const there = (value as Record<string, unknown[]> | undefined)?.[name]?.[0];
      return { ...(value as object), [name]: [put(there, further)] };
    }
    return { ...(value as object), [key]: put((value as Record<string, unknown> | undefined)?.[key], further) };
  };
  return { ...rest, path, body: put(body, place.slice(1).split('/')) };
}

/** Whether what is said of this place is said of that one. */
export const covers = (said: string, place: string): boolean => new RegExp(`^${said.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(place);
