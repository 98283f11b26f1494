/** Files on their way to the server, one after the other; one that fails can be tried again. */

import { newKey } from '@centralita/lib/key';
import { ProblemError } from '@centralita/lib/api';
import type { Attachment, Problem, Resource } from '@centralita/lib/wire';
import { ref } from 'vue';

import { desk } from '../app/session.ts';
import { problemText } from '../app/texts.ts';

export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly failed: string | null;
  readonly again: () => void;
}

export function useUploads(conversation: () => string, onDone: (attachment: Attachment) => void) {
  const uploads = ref<readonly Upload[]>([]);
  const drop = (key: string) => (uploads.value = uploads.value.filter((upload) => upload.key !== key));

  async function run(key: string, name: string, work: () => Promise<Attachment>): Promise<void> {
    const entry: Upload = { key, name, failed: null, again: () => void run(key, name, work) };
    uploads.value = [...uploads.value.filter((upload) => upload.key !== key), entry];
    try {
      const attachment = await work();
      if (!uploads.value.some((one) => one.key === key)) return;
      drop(key);
      onDone(attachment);
    } catch (error) {
      uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, failed: problemText(error) } : one));
    }
  }
  function start(name: string, work: (conversation: string, key: string) => Promise<Attachment>): void {
    const [key, to] = [newKey(), conversation()];
    void run(key, name, () => work(to, key));
  }
  return {
    uploads,
    drop,
    clear: () => (uploads.value = []),
    add: (files: readonly File[]) => files.forEach((file) => start(file.name, (to, key) => upload(to, file, key))),
    /** A copy of a file of the gallery comes the same way. */
    pick: (resource: Resource) => start(resource.file.name, (to, key) => desk.pick(to, resource.id, key)),
  };
}

async function upload(conversation: string, file: File, key: string): Promise<Attachment> {
  const query = new URLSearchParams({ name: file.name, conversation });
  return sendFile<Attachment>('POST', `/api/v1/attachments?${query}`, file, key);
}

/** The body is the file. */
export async function sendFile<T>(method: 'POST' | 'PUT', path: string, file: File, key: string): Promise<T> {
  const answer = await fetch(path, {
    method,
    body: file,
    credentials: 'same-origin',
    headers: { 'content-type': 'application/octet-stream', 'idempotency-key': key },
  });
  if (!answer.ok) throw new ProblemError((await answer.json().catch(() => ({ status: answer.status, code: 'internal', title: '', detail: '', type: '' }))) as Problem);
  return (await answer.json()) as T;
}
