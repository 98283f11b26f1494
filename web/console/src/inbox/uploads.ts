/** Files on their way to the server, one after the other; one that fails can be tried again. */

import { newKey } from '@centralita/lib/key';
import { ProblemError } from '@centralita/lib/api';
import type { Attachment, Problem } from '@centralita/lib/wire';
import { ref } from 'vue';

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

  async function run(key: string, file: File): Promise<void> {
    const entry: Upload = { key, name: file.name, failed: null, again: () => void run(key, file) };
    uploads.value = [...uploads.value.filter((upload) => upload.key !== key), entry];
    try {
      const attachment = await upload(conversation(), file, key);
      if (!uploads.value.some((one) => one.key === key)) return;
      drop(key);
      onDone(attachment);
    } catch (error) {
      uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, failed: problemText(error) } : one));
    }
  }
  return {
    uploads,
    drop,
    clear: () => (uploads.value = []),
    add: (files: readonly File[]) => files.forEach((file) => void run(newKey(), file)),
  };
}

async function upload(conversation: string, file: File, key: string): Promise<Attachment> {
  const query = new URLSearchParams({ name: file.name, conversation });
  const answer = await fetch(`/api/v1/attachments?${query}`, {
    method: 'POST',
    body: file,
    credentials: 'same-origin',
    headers: { 'content-type': 'application/octet-stream', 'idempotency-key': key },
  });
  if (!answer.ok) throw new ProblemError((await answer.json().catch(() => ({ status: answer.status, code: 'internal', title: '', detail: '', type: '' }))) as Problem);
  return (await answer.json()) as Attachment;
}
