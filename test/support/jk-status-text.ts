// Answers of two status workers made alike where they must differ: times, versions, folders, the footer, and what their
// pools happen to hold.

const RULES: readonly (readonly [RegExp, string])[] = [
  [/Apache\/[^"<\n]*/g, 'SERVER'],
  [/(datetime)=("?)\d{14}/g, '$1=$2T'],
  [/(unix(?:[_ ]seconds)?)=("?)\d+/g, '$1=$2T'],
  [/(_ago(?: seconds)?)=("?)-?\d+/g, '$1=$2T'],
  [/(last_reset_at|time_to_(?:maintenance|recover)_(?:min|max))=("?)\d+/g, '$1=$2T'],
  [/(Unix Seconds:<\/td><td>)\d+/g, '$1T'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}/g, 'T'],
  // Octets, with their rate; then requests with theirs.
  [/<td>[\d.]+ ?[KMG]? \([^)]*\/sec\)/g, '<td>N'],
  [/\((?:-?\d+)\/sec\)/g, '(R)'],
  [/\b(connected|max_connected)=("?)\d+/g, '$1=$2N'],
  // Connections, seconds since the reset and the last error end a row; before them stands what recovers when.
  [/<td>\d+<\/td><td>\d+<\/td>(<td>[^<]*<\/td><td>[^<]*<\/td><td>[^<]*<\/td>)<td>\d+\/\d+<\/td><td>\d+<\/td>/g, '$1T'],
  [/<td>\d+<\/td><td>\d+<\/td><td>\d+<\/td>(<td>(?:T|&nbsp;)<\/td><\/tr>)/g, 'T$1'],
  [/<td>\d+\/\d+<\/td><td>\d+<\/td>/g, 'T'],
  [/<p align="center"><small>.*?<\/small><\/p>|<div class="footer">.*?<\/div>/gs, 'FOOTER'],
  // mod_jk forgets a blank there.
  [/type="text"value=/g, 'type="text" value='],
  [/^ServerRoot=.*$/gm, 'ServerRoot=DIR'],
];

export function alike(text: string): string {
  return RULES.reduce((all, [pattern, replacement]) => all.replace(pattern, replacement), text);
}
