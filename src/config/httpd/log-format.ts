// The LogFormat language as inert trees: text and fields, to be rendered by whoever writes the log.
// Place in the picture: floor 2. Source: documentation of mod_log_config and mod_logio, "Custom Log Formats".

/** One `%…` directive of a format. */
export interface LogField {
  readonly kind: 'field';
  /** The letter, or `^ti` / `^to` for trailers. */
  readonly name: string;
  /** Text between `{` and `}`; undefined when there were no braces. */
  readonly argument: string | undefined;
  /** `%400,501{X}i`: write `-` unless the final status is in the list (or, with `!`, is in it). */
  readonly statuses: { readonly codes: readonly number[]; readonly isNegated: boolean } | undefined;
  /** `%<s`: of the original request; `%>s`: of the one that answered; undefined: the field's own default. */
  readonly request: 'original' | 'final' | undefined;
}

export type LogPart = { readonly kind: 'text'; readonly text: string } | LogField;

/** A compiled format, without the newline that ends each line. */
export type LogFormat = readonly LogPart[];
