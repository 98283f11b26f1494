/** Folders of the gallery: one level, each there while a file lies in it. */

export interface Foldered {
  readonly title: string;
  readonly folder?: string | null;
}

/** Those in no folder first, then folder by folder; by name. */
export function foldersOf<File extends Foldered>(files: readonly File[]): { readonly name: string; readonly files: readonly File[] }[] {
  const folders = new Map<string, File[]>();
  for (const file of files) folders.set(file.folder ?? '', [...(folders.get(file.folder ?? '') ?? []), file]);
  return [...folders].map(([name, inside]) => ({ name, files: inside.sort((one, other) => one.title.localeCompare(other.title)) })).sort((one, other) => Number(one.name !== '') - Number(other.name !== '') || one.name.localeCompare(other.name));
}
