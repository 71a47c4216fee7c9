// The balancer-manager in a real browser (Chromium): an operator clicks its forms while somebody is logged in at a member.
// The same clicks are done on a live httpd, but for what only Catflap's page has.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { createConnector } from '../../src/appserver.ts';
import { sessionOf, sessions } from '../../src/session.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';

const CHROMIUM = '/usr/bin/chromium';
/** As root, which containers are, Chromium has no sandbox. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
/** For any one step: machines are slow when many tests run. */
const STEP_MS = 60_000;
const ROUTES = ['a', 'b', 'c'] as const;
type Route = (typeof ROUTES)[number];

/** An application behind AJP that remembers how often its user came. */
class Shop implements AsyncDisposable {
  readonly url: string;
  readonly #connector: ReturnType<typeof createConnector>;

  private constructor(connector: ReturnType<typeof createConnector>) {
    this.#connector = connector;
    this.url = `ajp://127.0.0.1:${connector.address()?.port}`;
  }

  static async open(route: Route): Promise<Shop> {
    const withSessions = sessions({ contextPath: '/shop', route });
    const connector = createConnector((req, res) =>
      withSessions(req, res, () => {
        const session = sessionOf(req);
        session.visits = Number(session.visits ?? 0) + 1;
        res.setHeader('Content-Type', 'text/html');
        res.end(`<h1>${route} ${session.visits}</h1><a href="/shop/next">next</a>`);
      }),
    );
    await once(connector.listen(0), 'listening');
    return new Shop(connector);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connector.closeAllConnections();
    const closed = once(this.#connector, 'close');
    this.#connector.close();
    await closed;
  }
}

/** Somebody with a browser of their own, and a session once they have come. */
class User {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async come(browser: Browser, origin: string): Promise<User> {
    const context = await browser.newContext();
    context.setDefaultTimeout(STEP_MS);
    const user = new User(await context.newPage());
    await user.#page.goto(`${origin}/shop/`);
    return user;
  }

  /** Member and number of visits, as the page says: `a 3`. */
  get seen(): Promise<string> {
    return this.#page
      .locator('h1')
      .textContent()
      .then((text) => text ?? '');
  }

  async click(): Promise<string> {
    await this.#page.getByText('next').click();
    return this.seen;
  }

  async leave(): Promise<void> {
    await this.#page.context().close();
  }
}

/** Members that so many new users come to. */
async function arrivals(browser: Browser, origin: string, count: number): Promise<string> {
  let members = '';
  for (let i = 0; i < count; i++) {
    const user = await User.come(browser, origin);
    members += (await user.seen)[0];
    await user.leave();
  }
  return members;
}

/** The operator at the manager, by name and password. */
class Operator {
  readonly page: Page;
  /** What the page's own rules kept from happening. */
  readonly violations: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.violations.push(message.text());
    });
  }

  static async come(browser: Browser, origin: string): Promise<Operator> {
    const context = await browser.newContext({ httpCredentials: { username: 'op', password: 'secret' } });
    context.setDefaultTimeout(STEP_MS);
    const operator = new Operator(await context.newPage());
    await operator.page.goto(`${origin}/manager`);
    return operator;
  }

  async choose(url: string): Promise<void> {
    await this.page.locator('table a', { hasText: url }).click();
  }

  /** Sends the form that has a field of this name. */
  async send(field: string): Promise<void> {
    await this.#form(field).locator('input[type=submit]').click();
  }

  #form(field: string): Locator {
    return this.page.locator('form', { has: this.page.locator(`[name=${field}]`) });
  }

  /** The members' table: status by URL. */
  async states(): Promise<Record<string, string>> {
    const rows = await this.page.locator('table').nth(1).locator('tr:has(td)').all();
    const cells = await Promise.all(rows.map((row) => row.locator('td').allInnerTexts()));
    return Object.fromEntries(cells.map((texts) => [texts[0], texts[5].trim()]));
  }
}

function configuration(shops: readonly Shop[]): string {
  return `<Proxy balancer://shop>
BalancerMember ${shops[0].url} route=a
BalancerMember ${shops[1].url} route=b
ProxySet stickysession=JSESSIONID|jsessionid growth=1
</Proxy>
ProxyPass /shop balancer://shop/shop
<Location /manager>
SetHandler balancer-manager
AuthType Basic
AuthName operators
AuthUserFile @DIR@/users
AuthBasicProvider file
Require valid-user
</Location>
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
`;
}

async function rehearse(t: TestContext, kind: FrontKind): Promise<void> {
  await using a = await Shop.open('a');
  await using b = await Shop.open('b');
  await using c = await Shop.open('c');
  // `secret`
  const files = { users: 'op:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n' };
  await using front = await Front.start(kind, { conf: configuration([a, b]), files });
  const origin = `http://127.0.0.1:${front.port}`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: STEP_MS });
  const operator = await Operator.come(browser, origin);
  try {
    await play(browser, origin, operator, { a, b, c }, kind !== 'httpd');
    assert.deepEqual(operator.violations, []);
  } catch (error) {
    const folder = join(tmpdir(), 'catflap-browser');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `manager-${front.port}.png`);
    await operator.page.screenshot({ path, fullPage: true, timeout: STEP_MS }).catch(() => {});
    t.diagnostic(`what the operator saw: ${path}`);
    throw error;
  } finally {
    await browser.close();
  }
}

async function play(
  browser: Browser,
  origin: string,
  operator: Operator,
  shops: Readonly<Record<Route, Shop>>,
  isOurs: boolean,
): Promise<void> {
  const { page } = operator;
  const user = await User.come(browser, origin);
  const home = (await user.seen)[0] as 'a' | 'b';
  const away = home === 'a' ? 'b' : 'a';
  assert.equal(await user.click(), `${home} 2`);

  // Drained: who is there stays there, who comes goes elsewhere.
  await operator.choose(shops[home].url);
  await page.locator('#w_status_N1').check();
  await operator.send('w_lf');
  assert.equal((await operator.states())[shops[home].url], 'Init Drn Ok');
  for (const visits of [3, 4, 5]) assert.equal(await user.click(), `${home} ${visits}`);
  assert.equal(await arrivals(browser, origin, 3), away.repeat(3));
  await page.locator('#w_status_N0').check();
  await operator.send('w_lf');
  assert.match(await arrivals(browser, origin, 4), new RegExp(home));
  assert.equal(await user.click(), `${home} 6`);

  // A third member comes, disabled at first.
  await page.locator('h3 a').first().click();
  await page.locator('[name=b_nwrkr]').fill(shops.c.url);
  await page.locator('[name=b_wyes]').check();
  await operator.send('b_nwrkr');
  assert.equal((await operator.states())[shops.c.url], 'Init Dis');
  assert.doesNotMatch(await arrivals(browser, origin, 3), /c/);
  await operator.choose(shops.c.url);
  await page.locator('[name=w_wr]').fill('c');
  await page.locator('#w_status_D0').check();
  await operator.send('w_lf');
  assert.equal((await operator.states())[shops.c.url], 'Init Ok');
  let guest = await User.come(browser, origin);
  for (let i = 0; i < 5 && !(await guest.seen).startsWith('c'); i++) guest = await User.come(browser, origin);
  assert.equal(await guest.click(), 'c 2');
  if (!isOurs) return;

  // What is typed into a form is text on the page.
  const markup = `"'><script>document.title='owned'</script>`;
  await page.locator('[name=w_rr]').fill(markup);
  await operator.send('w_lf');
  assert.equal(await page.locator('[name=w_rr]').inputValue(), markup);
  assert.equal(await page.title(), 'Balancer Manager');

  // And goes: its users come to another member and begin anew.
  await page.locator('[name=w_remove]').check();
  await operator.send('w_remove');
  assert.deepEqual(Object.keys(await operator.states()), [shops.a.url, shops.b.url]);
  assert.match(await guest.click(), /^[ab] 1$/);
  assert.equal(await user.click(), `${home} 7`);
}

// w_status_N, b_nwrkr, w_remove
test('an operator drains, adds and removes members in a browser, and sessions stay', needs('chromium'), (t) =>
  rehearse(t, UNDER_TEST),
);

test('the same clicks do the same at httpd', needs('chromium', 'httpd'), (t) => rehearse(t, 'httpd'));
