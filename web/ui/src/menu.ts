import type { Component } from 'vue';

/** An entry of a menu. */
export type MenuItem =
  | { readonly is: 'line' }
  | { readonly is: 'label'; readonly text: string }
  | {
      readonly is?: 'item';
      readonly text: string;
      readonly run: () => void;
      readonly icon?: Component;
      readonly hint?: string | undefined;
      readonly more?: string;
      readonly on?: boolean;
      readonly danger?: boolean;
      readonly disabled?: boolean;
    };
