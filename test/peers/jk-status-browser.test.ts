// The status page in a real browser (Chromium): an operator clicks his way through a drain, the same on Catflap and on a
// live mod_jk. Then a page of another site tries to stop a member: mod_jk lets it, Catflap does not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { UNDER_TEST } from '../support/front.ts';
import { JkSide } from '../support/jk.ts';
import { needs } from '../support/peers.ts';

const CHROMIUM = '/usr/bin/chromium';
/** As root, which containers are, Chromium has no sandbox. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
/** For any one step: machines are slow when many tests run. */
const STEP_MS = 60_000;

const WORKERS = `worker.list=lb
worker.lb.type=lb
worker.lb.balance_workers=a,b
worker.a.host=127.0.0.1
worker.a.port=@a@
worker.b.host=127.0.0.1
worker.b.port=@b@
`;
const TEXTS = { workers: WORKERS, mounts: '/x/*=lb\n', status: true };

function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** The row of counters of a member. */
function rowOf(page: Page, member: string): Locator {
  const name = page.locator('td', { hasText: new RegExp(`^${member}$`) });
  return page
    .locator('tr')
    .filter({ has: name })
    .filter({ hasText: /OK|ERR/ })
    .last();
}

async function cellsOf(row: Locator): Promise<string> {
  return (await row.locator('td').allTextContents()).join(' ');
}

async function textOf(element: Locator): Promise<string> {
  return (await element.textContent()) ?? '';
}

/** Clicks from the list to the form of member a, disables it, comes back by itself, resets the lb worker. */
async function drain(side: JkSide, page: Page): Promise<string[]> {
  const seen: string[] = [];
  await page.goto(`http://127.0.0.1:${side.front.port}/jkstatus`);
  seen.push(await page.title(), await cellsOf(rowOf(page, 'a')));
  await rowOf(page, 'a').getByRole('link', { name: 'E', exact: true }).click();
  seen.push(await textOf(page.locator('h3')));
  await page.locator('input[name="vwa"][value="1"]').check();
  await page.locator('input[name="vwf"]').fill('4');
  await page.getByRole('button', { name: 'Update Worker' }).click();
  seen.push(await textOf(page.getByText('You will be redirected')));
  await page.waitForURL(/cmd=list/);
  seen.push(await cellsOf(rowOf(page, 'a')));
  await page.getByRole('combobox').last().selectOption('vwd');
  await page.getByRole('button', { name: 'Go' }).click();
  seen.push(await textOf(page.locator('h3')));
  await page.locator('input[name="val1"]').fill('2');
  await page.getByRole('button', { name: 'Update Balancer' }).click();
  await page.waitForURL(/cmd=list/);
  seen.push(await cellsOf(rowOf(page, 'b')));
  await page.locator('h3').first().getByRole('link', { name: 'S', exact: true }).click();
  await page.getByRole('link', { name: 'Read Only' }).click();
  seen.push(await textOf(page.locator('h1')), String(await page.getByRole('link', { name: 'E', exact: true }).count()));
  return seen.map((text) =>
    text
      .replaceAll(String(side.front.port), 'PORT')
      .replace(/\s+/g, ' ')
      .replace(/\([-\d ]+\/sec\)/g, ''),
  );
}

test('an operator drains a member by clicks', {
  ...needs('httpd', 'mod_jk', 'chromium'),
  timeout: 300_000,
}, async () => {
  await using browser = await launch();
  const seen: string[][] = [];
  for (const kind of [UNDER_TEST, 'httpd'] as const) {
    await using side = await JkSide.start(kind, TEXTS);
    const page = await browser.newPage();
    page.setDefaultTimeout(STEP_MS);
    seen.push(await drain(side, page));
    await page.close();
  }
  const [ours, theirs] = seen;
  // Seconds since the last reset are the column before the last.
  const timeless = (texts: string[]) => texts.map((text) => text.replace(/ \d+ ?$/, ''));
  assert.deepEqual(timeless(ours), timeless(theirs));
  assert.match(ours[4], / a DIS OK\/IDLE 0 4 /);
});

test('a page of another site stops no member', {
  ...needs('httpd', 'mod_jk', 'chromium'),
  timeout: 300_000,
}, async () => {
  await using browser = await launch();
  const stopped: Record<string, boolean> = {};
  for (const kind of [UNDER_TEST, 'httpd'] as const) {
    await using side = await JkSide.start(kind, TEXTS);
    const target = `http://127.0.0.1:${side.front.port}/jkstatus?cmd=update&amp;w=lb&amp;sw=b&amp;vwa=s`;
    const evil = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<img src="${target}" referrerpolicy="no-referrer"><a href="${target}">win</a>`);
    });
    await once(evil.listen(0, '127.0.0.1'), 'listening');
    const page = await browser.newPage();
    page.setDefaultTimeout(STEP_MS);
    await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`, { waitUntil: 'load' });
    await page.getByRole('link', { name: 'win' }).click();
    await page.getByText('Result:').waitFor();
    await page.close();
    evil.close();
    const { body } = await side.ask({ path: '/jkstatus?cmd=show&w=lb&sw=b&mime=txt' });
    stopped[kind] = body.includes('activation=STP');
  }
  assert.deepEqual(stopped, { [UNDER_TEST]: false, httpd: true });
});
