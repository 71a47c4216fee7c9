// What is probably not meant with health checks: checks that can never succeed, parameters that nothing looks at, members
// that are found out late. Place in the picture: floor 3; `check.ts` asks for it. Each is as httpd does it, silently.

import type { BalancerConfig, MemberConfig } from '../../balancer/config.ts';
import { textOf } from '../../config/files.ts';
import type { Findings, Place } from '../../config/finding.ts';
import { asksForBody, asksForRequestFields } from '../health-expressions.ts';
import { healthLimits } from '../health-limits.ts';
import type { BalancerKey, Snapshot } from '../model.ts';

/** Looks at the health checks of one balancer or direct target. */
export function checkHealth(snapshot: Snapshot, key: BalancerKey, balancer: BalancerConfig, findings: Findings): void {
  for (const member of balancer.members) {
    const place = member.place ?? balancer.place ?? { file: '', line: 0 };
    if (member.healthCheck.method !== 'NONE' && balancer.policy === 'direct')
      findings.warn(
        place,
        'ProxyPass',
        'health-check-unused',
        'only members of a balancer are checked; make it a member of a <Proxy balancer://…>',
      );
    else checkMember(snapshot, key, member, place, findings);
  }
}

function checkMember(
  snapshot: Snapshot,
  key: BalancerKey,
  member: MemberConfig,
  place: Place,
  findings: Findings,
): void {
  const { method, intervalMs, uri, expression, template } = member.healthCheck;
  const warn = (code: string, message: string) => findings.warn(place, 'BalancerMember', code, message);
  if (method === 'NONE') {
    if (uri !== '' || expression !== '' || template !== '')
      warn('health-check-unused', 'has parameters of health checks but no hcmethod: it is not checked');
    return;
  }
  const isAjp = member.scheme === 'ajp';
  const isHttp = method !== 'TCP' && method !== 'CPING';
  if (method === 'CPING' && !isAjp)
    warn(
      'health-check-hopeless',
      `hcmethod=CPING is AJP: a member of ${member.scheme}:// never passes; use GET or TCP`,
    );
  else if (isHttp && isAjp)
    warn('health-check-hopeless', `hcmethod=${method} is HTTP: a member of ajp:// never passes; use CPING or TCP`);
  if (uri !== '' && !/^(GET|HEAD)/.test(method))
    warn('health-check-unused', `hcuri is not looked at with hcmethod=${method}: only GET and HEAD ask for a path`);
  else if (uri.startsWith('/') && member.path !== '')
    findings.note(
      place,
      'BalancerMember',
      'health-check-slashes',
      `checks ask for ${textOf(`${member.path}/${uri}`)}: a slash is put between path and hcuri; write hcuri=${textOf(uri.slice(1))}`,
    );
  if (expression !== '' && !isHttp)
    warn('health-check-unused', `hcexpr is not looked at with hcmethod=${method}: there is no HTTP answer`);
  const text = snapshot.healthExpressions.get(expression) ?? '';
  if (isHttp && asksForBody(text) && !method.startsWith('GET'))
    warn('health-check-hopeless', `hcexpr looks at the body, and hcmethod=${method} brings none: it is empty; use GET`);
  if (isHttp && asksForRequestFields(text))
    warn(
      'health-check-hopeless',
      "hcexpr looks at fields of a request, and behind a check there is none: they are empty; write resp('Name') for those of the answer",
    );
  const { connectMs, answerMs } = healthLimits(snapshot, key, member);
  const patienceMs = Math.max(connectMs, answerMs);
  if (patienceMs > intervalMs)
    findings.note(
      place,
      'BalancerMember',
      'health-check-late',
      `a member that is silent fails its check only after ${patienceMs / 1000} s, longer than hcinterval (${intervalMs / 1000} s), and is not asked again meanwhile; set timeout=, connectiontimeout= or, for CPING, ping=`,
    );
}
