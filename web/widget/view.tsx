/** What a visitor sees and hears. Everything is drawn from the {@link Chat}; only forms keep something of their own. */

import { Component, type ComponentChildren, type VNode } from 'preact';

import { messageId } from '@centralita/lib/chat';
import type { Attachment, ChatMessage, WidgetField } from '@centralita/lib/wire';

import type { Chat, Pending } from './chat.ts';
import type { Wrong } from './net.ts';
import { NAMES, type Key, type Texts } from './texts.ts';

interface Props {
  readonly chat: Chat;
  readonly texts: Texts;
}

interface AppProps extends Props {
  readonly spoken: string;
  readonly framed: boolean;
  readonly speak: (language: string, remember?: boolean) => void;
  readonly close: () => void;
}

export function App({ chat, texts, spoken, framed, speak, close }: AppProps): VNode {
  const { t, language } = texts;
  const { config, connection } = chat;
  const own = config?.texts[language];
  const trouble = chat.trouble && t(`error_${chat.trouble}`);
  const fill = { '--fill': config?.theme.colour ?? '#4047b8', '--on': config?.on_colour ?? '#fff' };
  return (
    <div class={framed ? 'app' : 'app page'} style={fill} {...dropping(chat)}>
      <header>
        <div>
          <h1>{own?.title ?? t('name')}</h1>
          {!trouble && (
            <p class={`state ${connection}`} role="status">
              {t(connection)}
            </p>
          )}
        </div>
        {config && config.languages.length > 1 && (
          <select aria-label={t('language')} value={language} onChange={(event) => speak(event.currentTarget.value, true)}>
            {config.languages.map((one) => (
              <option value={one} lang={one}>
                {NAMES[one]}
              </option>
            ))}
          </select>
        )}
        {framed && (
          <button type="button" class="icon" aria-label={t('close')} onClick={close}>
            <Icon path="M6 6l12 12M18 6L6 18" />
          </button>
        )}
      </header>
      <main>
        {trouble ? (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        ) : chat.asks() ? (
          <Form chat={chat} texts={texts} />
        ) : (
          <>
            <Log chat={chat} texts={texts} welcome={own?.welcome} />
            <Notices chat={chat} texts={texts} closed={own?.out_of_hours} />
            {chat.asks() === false && <Composer chat={chat} texts={texts} />}
          </>
        )}
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {spoken}
      </p>
    </div>
  );
}

/** What everybody should know now, the most important first. */
function Notices({ chat, texts, closed }: Props & { readonly closed: string | null | undefined }): VNode {
  const { t } = texts;
  const { config, connection, waiting, position, state } = chat;
  const until = config?.opens_at ? t('closed_until', { when: texts.moment(config.opens_at) }) : '';
  let queue: string | null = null;
  if (waiting && config?.open) {
    queue =
      position === undefined
        ? t('queue_wait')
        : position === null
          ? t('queue_far')
          : t(position === 1 ? 'queue_next' : position === 2 ? 'queue_one' : 'queue_many', { count: position - 1 });
  }
  const answered = state.messages.some(({ from, conversation }) => from === 'agent' && conversation === state.messages.at(-1)?.conversation);
  return (
    <div class="notices">
      <div role="status">
        {connection === 'offline' && <p class="warn">{t('offline_help')}</p>}
        {config && !config.open && !state.ended && <p>{[closed ?? t('closed'), until].filter(Boolean).join(' ')}</p>}
        {queue && <p>{queue}</p>}
        {state.ended && <p>{t('ended')}</p>}
        {chat.typing && (
          <p class="typing">
            {t('agent')}: {t('typing')}
          </p>
        )}
      </div>
      {waiting && (
        <button type="button" class="link" onClick={chat.leave}>
          {t('leave')}
        </button>
      )}
      {state.ended && answered && config?.rating && <Rating chat={chat} texts={texts} key={state.messages.at(-1)?.conversation} />}
    </div>
  );
}

class Log extends Component<Props & { readonly welcome: string | null | undefined }, { below: boolean }> {
  override state = { below: false };
  #log: HTMLElement | null = null;
  #atEnd = true;
  #count = 0;

  override componentDidMount(): void {
    this.#settle();
    // Pictures and the keyboard of a telephone change the height.
    if (this.#log) new ResizeObserver(() => this.#settle()).observe(this.#log);
  }

  override componentDidUpdate(): void {
    const { chat } = this.props;
    const count = chat.state.messages.length + chat.pending().length;
    if (count > this.#count && chat.pending().length > 0 && !this.#atEnd) this.#atEnd = true;
    if (count > this.#count && !this.#atEnd) this.setState({ below: true });
    this.#count = count;
    this.#settle();
  }

  #settle(): void {
    if (this.#atEnd && this.#log) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #scrolled = (): void => {
    const log = this.#log;
    if (!log) return;
    this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    if (this.#atEnd && this.state.below) this.setState({ below: false });
  };

  #down = (): void => {
    this.#atEnd = true;
    this.#settle();
    this.setState({ below: false });
  };

  override render(): VNode {
    const { chat, texts, welcome } = this.props;
    const { messages } = chat.state;
    const { t } = texts;
    let day = '';
    const rows: ComponentChildren[] = [];
    messages.forEach((message, index) => {
      const date = texts.day(message.at);
      if (date !== day) rows.push(<p class="day">{(day = date)}</p>);
      const read = messages.slice(index).some(({ from, conversation }) => from === 'agent' && conversation === message.conversation);
      rows.push(<Bubble key={messageId(message)} chat={chat} texts={texts} message={message} read={read} />);
    });
    return (
      <div class="scroll">
        <div
          class="log"
          role="log"
          aria-live="off"
          aria-label={t('log')}
          tabIndex={0}
          ref={(log) => void (this.#log = log)}
          onScroll={this.#scrolled}
        >
          {(welcome || !messages[0]) && <p class="welcome">{welcome ?? t('empty')}</p>}
          {rows}
          {chat.pending().map((item) => (
            <Unsent key={item.key} chat={chat} texts={texts} item={item} />
          ))}
        </div>
        {this.state.below && (
          <button type="button" class="below" onClick={this.#down}>
            ↓ {t('new_below')}
          </button>
        )}
      </div>
    );
  }
}

function Bubble({ chat, texts, message, read }: Props & { readonly message: ChatMessage; readonly read: boolean }): VNode {
  const { t } = texts;
  const { from, text, at, attachments = [] } = message;
  const who = t(from === 'me' ? 'me' : from === 'agent' ? 'agent' : 'system');
  return (
    <article class={`message ${from}`}>
      <span class="unseen">{who}: </span>
      {text && <p class="text">{linked(text)}</p>}
      {attachments.map((file) => (
        <FileView key={file.id} chat={chat} texts={texts} file={file} />
      ))}
      <footer>
        <time dateTime={at} title={texts.moment(at)}>
          {texts.time(at)}
        </time>
        {from === 'me' && (
          <span class="tick">
            <span aria-hidden="true">{read ? '✓✓' : '✓'}</span> {t(read ? 'read' : 'sent')}
          </span>
        )}
      </footer>
    </article>
  );
}

/** Addresses of the web can be followed; nothing else in a text means anything. */
function linked(text: string): ComponentChildren[] {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/).map((part, index) =>
    index % 2 ? (
      <a href={part} target="_blank" rel="noopener noreferrer">
        {part}
      </a>
    ) : (
      part
    ),
  );
}

function Unsent({ chat, texts, item }: Props & { readonly item: Pending }): VNode {
  const { t } = texts;
  const { text, state, files, code } = item;
  const failed = state === 'failed';
  const why: Partial<Record<string, Key>> = { message_too_long: 'error_too_long', attachments_not_allowed: 'error_attachments' };
  return (
    <article class={`message me${failed ? ' failed' : ''}`}>
      <span class="unseen">{t('me')}: </span>
      {text && <p class="text">{text}</p>}
      {files.map(({ name }) => (
        <p class="file">{name}</p>
      ))}
      <footer>
        {failed ? (
          <>
            <span>{t(why[code ?? ''] ?? 'error')}</span>
            <button type="button" class="link" onClick={() => chat.retry(item)}>
              {t('retry')}
            </button>
            <button type="button" class="link" onClick={() => chat.edit(item)}>
              {t('edit')}
            </button>
          </>
        ) : (
          <span>{t(chat.stuck() ? 'waiting' : 'sending')}</span>
        )}
      </footer>
    </article>
  );
}

/** A picture is shown, anything else can be saved. The bytes come with the visitor's token, so no address works for others. */
class FileView extends Component<Props & { readonly file: Attachment }, { url: string }> {
  override state = { url: '' };

  override componentDidMount(): void {
    if (/^image\/(png|jpeg|gif|webp)$/.test(this.props.file.media_type)) void this.#fetch().then((url) => this.setState({ url }));
  }

  override componentWillUnmount(): void {
    URL.revokeObjectURL(this.state.url);
  }

  async #fetch(): Promise<string> {
    return URL.createObjectURL(await this.props.chat.file(this.props.file.id));
  }

  #save = async (): Promise<void> => {
    const link = document.createElement('a');
    link.href = this.state.url || (await this.#fetch());
    link.download = this.props.file.name;
    link.click();
  };

  override render(): VNode {
    const { texts, file } = this.props;
    const { name } = file;
    const label = texts.t('download', { name, size: texts.size(file.size) });
    const { url } = this.state;
    return (
      <button type="button" class={url ? 'picture' : 'file'} aria-label={label} onClick={() => void this.#save()}>
        {url ? <img src={url} alt={texts.t('image', { name })} /> : <span>⤓ {name}</span>}
      </button>
    );
  }
}

class Composer extends Component<Props> {
  #box: HTMLTextAreaElement | null = null;
  #picker: HTMLInputElement | null = null;

  override componentDidMount(): void {
    // After the form, or when it comes late: whoever is here already goes on writing.
    if (document.hasFocus() && document.activeElement === document.body) this.#box?.focus();
  }

  #send = (event: Event): void => {
    event.preventDefault();
    if (this.props.chat.send(this.#box?.value ?? '')) this.#grow();
    this.#box?.focus();
  };

  #key = (event: KeyboardEvent): void => {
    // Enter also ends a word that an input method composes.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) this.#send(event);
  };

  #input = (): void => {
    const { chat } = this.props;
    chat.draft = this.#box?.value ?? '';
    if (chat.draft) chat.type();
    this.#grow();
  };

  #paste = (event: ClipboardEvent): void => {
    const files = event.clipboardData?.files;
    if (!files?.length || !this.props.chat.config?.attachments) return;
    event.preventDefault();
    this.props.chat.attach(files);
  };

  #grow(): void {
    requestAnimationFrame(() => {
      const box = this.#box;
      if (!box) return;
      box.style.height = 'auto';
      box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
    });
  }

  override render(): VNode {
    const { chat, texts } = this.props;
    const { t } = texts;
    return (
      <form class="composer" onSubmit={this.#send}>
        {chat.uploads.length > 0 && (
          <ul class="uploads" role="status">
            {chat.uploads.map((upload) => {
              const { state, file } = upload;
              const limit = texts.size(chat.config?.max_file_bytes ?? 0);
              const says = state === 'uploading' ? t('uploading') : state === 'ready' ? texts.size(file.size) : t(`error_${state}`, { size: limit });
              return (
                <li key={upload.key} class={state}>
                  <span>
                    {file.name} · {says}
                  </span>
                  <button type="button" class="icon" aria-label={t('remove', { name: file.name })} onClick={() => chat.detach(upload)}>
                    <Icon path="M6 6l12 12M18 6L6 18" />
                  </button>
                </li>
              );
            })}
          </ul>
        )}
        <div class="row">
          {chat.config?.attachments && (
            <>
              <input
                type="file"
                multiple
                hidden
                ref={(picker) => void (this.#picker = picker)}
                onChange={(event) => {
                  chat.attach(event.currentTarget.files ?? []);
                  event.currentTarget.value = '';
                  this.#box?.focus();
                }}
              />
              <button type="button" class="icon" aria-label={t('attach')} onClick={() => this.#picker?.click()}>
                <Icon path="M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.3 3.3 0 014.700 4.700L9.400 17a1.700 1.700 0 01-2.400-2.400L14.500 7" />
              </button>
            </>
          )}
          <textarea
            id="composer-text"
            rows={1}
            aria-label={t('write')}
            placeholder={t('write')}
            ref={(box) => void (this.#box = box)}
            value={chat.draft}
            onInput={this.#input}
            onKeyDown={this.#key}
            onPaste={this.#paste}
          />
          <button class="icon send" aria-label={t('send')}>
            <Icon path="M4 12l16-8-6 16-3-6z" />
          </button>
        </div>
      </form>
    );
  }
}

type FormState = { errors: Record<string, 'form_missing' | 'form_invalid'>; failed: boolean; busy: boolean };

class Form extends Component<Props, FormState> {
  override state: FormState = { errors: {}, failed: false, busy: false };
  #form: HTMLFormElement | null = null;

  override componentDidMount(): void {
    // Not at the first glance at a page: only who opened the chat is already here.
    if (document.hasFocus()) this.#form?.querySelector<HTMLElement>('input, select')?.focus();
  }

  get #fields(): readonly WidgetField[] {
    const { config, identified } = this.props.chat;
    return (config?.pre_chat ?? []).filter(({ kind }) => !identified() || (kind !== 'name' && kind !== 'email'));
  }

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!this.#form || this.state.busy) return;
    const given = Object.fromEntries([...new FormData(this.#form)].map(([name, value]) => [name, String(value).trim()]));
    const errors: FormState['errors'] = {};
    for (const { name, required } of this.#fields) if (required && !given[name]) errors[name] = 'form_missing';
    this.setState({ errors, failed: false, busy: true });
    try {
      if (Object.keys(errors).length === 0) await this.props.chat.answer(given);
    } catch (error) {
      const fields = (error as Wrong).errors ?? [];
      for (const { field, code } of fields) errors[field.replace('answers.', '')] = code === 'missing_field' ? 'form_missing' : 'form_invalid';
      this.setState({ errors, failed: fields.length === 0 });
    }
    this.setState({ busy: false }, () => this.#form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
  };

  override render(): VNode {
    const { texts } = this.props;
    const { t, language } = texts;
    const { errors, failed } = this.state;
    const own: Partial<Record<string, Key>> = { name: 'field_name', email: 'field_email', phone: 'field_phone' };
    return (
      <form class="form" noValidate ref={(form) => void (this.#form = form)} onSubmit={(event) => void this.#submit(event)}>
        <h2>{t('form_intro')}</h2>
        {this.#fields.map(({ name, kind, required, labels, options }) => {
          const word = own[kind];
          const label = labels?.[language] ?? (word ? t(word) : (Object.values(labels ?? {})[0] ?? name));
          const error = errors[name];
          const common = {
            id: `f-${name}`,
            name,
            required: !!required,
            'aria-invalid': !!error,
            ...(error && { 'aria-describedby': `e-${name}` }),
          };
          const autocomplete = kind === 'phone' ? 'tel' : kind === 'name' || kind === 'email' ? kind : 'off';
          return (
            <div class="field">
              <label for={common.id}>
                {label} {!required && <small>{t('form_optional')}</small>}
              </label>
              {kind === 'choice' ? (
                <select {...common}>
                  <option value="">{t('form_choose')}</option>
                  {options?.map((option) => (
                    <option>{option}</option>
                  ))}
                </select>
              ) : (
                <input {...common} list={undefined} type={kind === 'email' ? 'email' : kind === 'phone' ? 'tel' : 'text'} autocomplete={autocomplete} maxLength={200} />
              )}
              {error && (
                <p class="error" id={`e-${name}`}>
                  {t(error)}
                </p>
              )}
            </div>
          );
        })}
        {failed && (
          <p class="error" role="alert">
            {t('form_failed')}
          </p>
        )}
        <button class="primary">{t('form_start')}</button>
      </form>
    );
  }
}

class Rating extends Component<Props, { score: number; again: boolean; failed: boolean }> {
  override state = { score: this.props.chat.rating ?? 0, again: false, failed: false };
  #comment: HTMLTextAreaElement | null = null;

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.state.score === 0) return;
    try {
      await this.props.chat.rate(this.state.score, this.#comment?.value ?? '');
      this.setState({ again: false, failed: false }, () => document.getElementById('composer-text')?.focus());
    } catch {
      this.setState({ failed: true });
    }
  };

  override render(): VNode {
    const { chat, texts } = this.props;
    const { t } = texts;
    const { score, again, failed } = this.state;
    if (chat.rating !== null && !again) {
      return (
        <p class="rated" role="status">
          {t('rate_thanks')} <span aria-hidden="true">{'★'.repeat(chat.rating)}</span>{' '}
          <button type="button" class="link" onClick={() => this.setState({ again: true, score: chat.rating ?? 0 })}>
            {t('rate_again')}
          </button>
        </p>
      );
    }
    return (
      <form class="rating" onSubmit={(event) => void this.#submit(event)}>
        <fieldset>
          <legend>{t('rate')}</legend>
          {([1, 2, 3, 4, 5] as const).map((value) => (
            <label>
              <input type="radio" name="score" checked={value === score} onChange={() => this.setState({ score: value })} />
              <span class="unseen">{t(`rate_${value}`)}</span>
              <span aria-hidden="true">{value <= score ? '★' : '☆'}</span>
            </label>
          ))}
          <output>{score > 0 && t(`rate_${score as 1}`)}</output>
        </fieldset>
        {score > 0 && (
          <>
            <textarea rows={2} maxLength={1000} aria-label={t('rate_comment')} placeholder={t('rate_comment')} ref={(box) => void (this.#comment = box)} />
            {failed && (
              <p class="error" role="alert">
                {t('form_failed')}
              </p>
            )}
            <button class="primary">{t('rate_send')}</button>
          </>
        )}
      </form>
    );
  }
}

function Icon({ path }: { readonly path: string }): VNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** Files dropped anywhere on the chat. */
function dropping(chat: Chat): object {
  return {
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      if (chat.config?.attachments) chat.attach(event.dataTransfer?.files ?? []);
    },
  };
}
