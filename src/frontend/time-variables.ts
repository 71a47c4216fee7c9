// TIME and its kin: local time in the forms that httpd's expressions know.

/** @param name `TIME`, `TIME_YEAR` and so on @param wall ms since 1970 @returns undefined for a name that is none */
export function timeVariable(name: string, wall: number): string | undefined {
  const date = new Date(wall);
  const two = (value: number) => String(value).padStart(2, '0');
  switch (name) {
    case 'TIME_YEAR':
      return String(date.getFullYear()).padStart(4, '0');
    case 'TIME_MON':
      return two(date.getMonth() + 1);
    case 'TIME_DAY':
      return two(date.getDate());
    case 'TIME_HOUR':
      return two(date.getHours());
    case 'TIME_MIN':
      return two(date.getMinutes());
    case 'TIME_SEC':
      return two(date.getSeconds());
    case 'TIME_WDAY':
      return String(date.getDay());
    case 'TIME':
      return ['TIME_YEAR', 'TIME_MON', 'TIME_DAY', 'TIME_HOUR', 'TIME_MIN', 'TIME_SEC']
        .map((part) => timeVariable(part, wall))
        .join('');
    default:
      return undefined;
  }
}
