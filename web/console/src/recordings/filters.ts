/** What is looked for, as the address of the screen says it: a search can be passed on. */

import type { LocationQuery, LocationQueryRaw } from 'vue-router';

/** By the name in the address: what the API calls it. */
const TEXTS = { q: 'q', desde: 'from', hasta: 'to', cliente: 'customer', asunto: 'subject' } as const;
const LISTS = { campana: 'campaign', agente: 'agent', canal: 'kind', tipificacion: 'disposition' } as const;

export type TextName = keyof typeof TEXTS;
export type ListName = keyof typeof LISTS;
export type Filters = { readonly [name in TextName]: string } & { readonly [name in ListName]: readonly string[] };

const textNames = Object.keys(TEXTS) as TextName[];
const listNames = Object.keys(LISTS) as ListName[];

const one = (value: LocationQuery[string] | undefined): string => (typeof value === 'string' ? value : '');

export function filtersOf(query: LocationQuery): Filters {
  const texts = textNames.map((name) => [name, one(query[name])] as const);
  const lists = listNames.map((name) => [name, one(query[name]).split(',').filter(Boolean)] as const);
  return Object.fromEntries([...texts, ...lists]) as Filters;
}

/** For the address; what is empty is not in it. */
export function queryOf(filters: Filters, conversation: string | null): LocationQueryRaw {
  const all: [string, string][] = [...textNames.map((name) => [name, filters[name]] as [string, string]), ...listNames.map((name) => [name, filters[name].join(',')] as [string, string])];
  if (conversation !== null) all.push(['id', conversation]);
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

/** For the API. */
export function asked(filters: Filters): Record<string, string | undefined> {
  const known = [...textNames.map((name) => [TEXTS[name], filters[name].trim()] as const), ...listNames.map((name) => [LISTS[name], filters[name].join(',')] as const)];
  return Object.fromEntries(known.map(([name, value]) => [name, value || undefined]));
}

export const isEmpty = (filters: Filters): boolean => Object.keys(queryOf(filters, null)).length === 0;
