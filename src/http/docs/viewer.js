// Shows /openapi.json. Text only ever enters the page as text.
"use strict";

const element = (name, className, ...children) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
};

const show = (api) => {
  const resolve = (schema) => {
    for (let left = 8; schema && schema.$ref && left > 0; left -= 1) {
      schema = schema.$ref.slice(2).split("/").reduce((at, key) => at && at[key], api);
    }
    return schema || {};
  };
  const typeOf = (schema) => {
    if (!schema) return "";
    if (schema.$ref) return schema.$ref.split("/").pop();
    if (schema.oneOf || schema.anyOf) return (schema.oneOf || schema.anyOf).map(typeOf).join(" | ");
    if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
    const type = [].concat(schema.type || "object").join(" | ");
    return schema.items ? `${typeOf(schema.items)}[]` : schema.format ? `${type} (${schema.format})` : type;
  };
  const row = (name, type, text) =>
    element("tr", "", element("td", "", name), element("td", "", type), element("td", "", text || ""));
  const fieldsOf = (schema) => {
    const found = resolve(schema);
    const parts = (found.allOf || [found]).map(resolve);
    const rows = parts.flatMap((part) =>
      Object.entries(part.properties || {}).map(([name, field]) =>
        row(name + ((part.required || []).includes(name) ? "" : "?"), typeOf(field), field.description || resolve(field).description)));
    if (rows.length === 0) return element("p", "text", typeOf(schema));
    return element("table", "", element("tbody", "", ...rows));
  };
  const section = (title, ...children) => [element("h3", "", title), ...children];
  const schemaIn = (content) => content && Object.values(content)[0] && Object.values(content)[0].schema;

  const operation = (method, path, op) => {
    const parts = [element("p", "text", op.description || "")];
    if (op.parameters && op.parameters.length > 0) {
      const rows = op.parameters.map((p) => row(p.name + (p.required ? "" : "?"), `${p.in} ${typeOf(p.schema)}`, p.description));
      parts.push(...section("Parameters", element("table", "", element("tbody", "", ...rows))));
    }
    const body = op.requestBody && schemaIn(op.requestBody.content);
    if (body) parts.push(...section(`Body: ${typeOf(body)}`, fieldsOf(body)));
    for (const [status, answer] of Object.entries(op.responses || {})) {
      const schema = schemaIn(answer.content);
      if (status === "default") continue;
      parts.push(...section(schema ? `${status}: ${typeOf(schema)}` : status));
      if (schema) parts.push(fieldsOf(schema.items || schema));
      const items = schema && resolve(schema).properties && resolve(schema).properties.items;
      if (items && items.items) parts.push(...section(typeOf(items.items), fieldsOf(items.items)));
    }
    const head = element("summary", "", element("span", "method", method.toUpperCase()), element("span", "path", path),
      element("span", "about", op.summary || ""));
    const node = element("details", "", head, ...parts);
    node.dataset.text = `${method} ${path} ${op.summary || ""}`.toLowerCase();
    return node;
  };

  const main = document.getElementById("operations");
  const chapters = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      const op = item[method];
      if (!op) continue;
      const tag = (op.tags || ["other"])[0];
      if (!chapters.has(tag)) chapters.set(tag, element("section", "", element("h2", "", tag)));
      chapters.get(tag).append(operation(method, path, op));
    }
  }
  main.replaceChildren(element("p", "text", api.info.description || ""), ...chapters.values());
  document.getElementById("filter").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const node of main.querySelectorAll("details")) {
      node.hidden = !words.every((word) => node.dataset.text.includes(word));
    }
  });
};

fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => document.getElementById("operations").replaceChildren(String(error)));
