// Real Tomcats for tests: Debian's package, a base of their own in a temporary folder, one servlet of ours. Small on
// purpose (no JSP, no scanning, no default servlet), so that one starts in about a second.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort, isListening, until } from './port.ts';

const HOME = '/usr/share/tomcat10';
const COMPILER = '/usr/share/java/eclipse-jdt-core.jar';
const SERVLET = new URL('tomcat/ProvingServlet.java', import.meta.url);
const START_LIMIT_MS = 40_000;

export interface TomcatOptions {
  /** Its name for session ids, and the value of `X-Member`. */
  route?: string;
  /** Default: a free port. */
  ajpPort?: number;
  /** Opens an HTTP connector too. */
  httpPort?: number;
  /** More attributes of the AJP connector, as XML text: `packetSize="65536"`. */
  ajpAttributes?: string;
  /** Elements of the engine, as XML text: `<Listener …/>`. The engine does its background work every second then. */
  engineElements?: string;
  /** Paths the application is found under. Default `/webapp` and the root. */
  contexts?: readonly string[];
  /** Serves Tomcat's own examples under `/examples`, and nothing else; `tomcat-examples` must be here. */
  hasExamples?: boolean;
}

export class Tomcat {
  readonly ajpPort: number;
  readonly route: string;
  readonly #options: TomcatOptions;
  readonly #base: string;
  #child: Child;

  private constructor(ajpPort: number, base: string, options: TomcatOptions) {
    this.ajpPort = ajpPort;
    this.route = options.route ?? '';
    this.#options = options;
    this.#base = base;
    this.#child = this.#launch();
  }

  /** Starts a Tomcat and waits until its connectors listen. */
  static async start(options: TomcatOptions = {}): Promise<Tomcat> {
    const ajpPort = options.ajpPort ?? (await freePort());
    const tomcat = new Tomcat(ajpPort, mkdtempSync(join(tmpdir(), 'tomcat-')), options);
    await tomcat.#untilUp();
    return tomcat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it at once, as a crash does; `restart` brings it back on the same ports. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async restart(): Promise<void> {
    await this.#child.kill();
    this.#child = this.#launch();
    await this.#untilUp();
  }

  async stop(): Promise<void> {
    await this.#child.kill();
    rmSync(this.#base, { recursive: true, force: true });
  }

  log(): string {
    return this.#child.output();
  }

  async #untilUp(): Promise<void> {
    const ports = [this.ajpPort, ...(this.#options.httpPort === undefined ? [] : [this.#options.httpPort])];
    const areOpen = async () => (await Promise.all(ports.map((port) => isListening(port)))).every(Boolean);
    const isUp = await until(() => this.#child.hasEnded || areOpen(), START_LIMIT_MS);
    if (isUp && !this.#child.hasEnded) return;
    const said = this.log();
    await this.stop();
    throw new Error(`Tomcat did not start: ${said.slice(-2000)}`);
  }

  #launch(): Child {
    const base = this.#base;
    for (const each of ['conf', 'logs', 'temp', 'work']) mkdirSync(join(base, each), { recursive: true });
    writeFileSync(join(base, 'conf/server.xml'), serverXml(this.ajpPort, compiledApplication(), this.#options));
    writeFileSync(join(base, 'conf/web.xml'), this.#options.hasExamples === true ? FILES_XML : WEB_XML);
    writeFileSync(join(base, 'conf/context.xml'), '<Context/>');
    writeFileSync(join(base, 'conf/catalina.properties'), `common.loader="${HOME}/lib/*.jar"\n`);
    const classPath = [join(HOME, 'bin/bootstrap.jar'), join(HOME, 'bin/tomcat-juli.jar')].join(':');
    return Child.start(
      [
        'java',
        ...[
          '-Xshare:auto',
          '-Xmx192m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-Djava.net.preferIPv4Stack=true',
        ],
        ...[`-Dcatalina.home=${HOME}`, `-Dcatalina.base=${base}`, `-Djava.io.tmpdir=${join(base, 'temp')}`],
        ...[`-Dmember=${this.route}`, '-Djava.security.egd=file:/dev/urandom'],
        ...['-cp', classPath, 'org.apache.catalina.startup.Bootstrap', 'start'],
      ],
      { cwd: base, log: join(base, 'logs/output') },
    );
  }
}

const WEB_XML = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
  <servlet>
    <servlet-name>proving</servlet-name>
    <servlet-class>ProvingServlet</servlet-class>
    <load-on-startup>1</load-on-startup>
  </servlet>
  <servlet-mapping><servlet-name>proving</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
</web-app>
`;

/** What a container does without being told: files, and requests to change the protocol. */
const FILES_XML = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
  </servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
</web-app>
`;

const EXAMPLES = '<Context path="/examples" docBase="/usr/share/tomcat10-examples/examples" reloadable="false"/>';

function serverXml(ajpPort: number, application: string, options: TomcatOptions): string {
  const { route, httpPort, ajpAttributes = '', hasExamples = false, engineElements } = options;
  const { contexts = hasExamples ? [] : ['', '/webapp'] } = options;
  const http = httpPort === undefined ? '' : `<Connector port="${httpPort}" address="127.0.0.1" protocol="HTTP/1.1"/>`;
  const context = (path: string) => `
        <Context path="${path}" docBase="${application}" reloadable="false">
          <JarScanner scanClassPath="false" scanManifest="false"/>
          <Manager pathname=""/>
        </Context>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Server port="-1">
  <Service name="Catalina">
    <Connector port="${ajpPort}" address="127.0.0.1" protocol="AJP/1.3" secretRequired="false" ${ajpAttributes}/>
    ${http}
    <Engine name="Catalina" defaultHost="localhost" ${route === undefined ? '' : `jvmRoute="${route}"`} ${engineElements === undefined ? '' : 'backgroundProcessorDelay="1"'}>
      ${engineElements ?? ''}
      <Host name="localhost" appBase="nothing" autoDeploy="false" deployOnStartup="false">${contexts.map(context).join('')}
        ${hasExamples ? EXAMPLES : ''}
      </Host>
    </Engine>
  </Service>
</Server>
`;
}

/** The folder of the application with its servlet compiled; made once per version of the source. */
function compiledApplication(): string {
  const source = readFileSync(SERVLET);
  const version = createHash('sha1').update(source).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `proving-servlet-${version}`);
  if (existsSync(folder)) return folder;
  const making = mkdtempSync(`${folder}-`);
  const classes = join(making, 'WEB-INF/classes');
  mkdirSync(classes, { recursive: true });
  execFileSync(
    'java',
    [
      ...['-XX:TieredStopAtLevel=1', '-cp', COMPILER, 'org.eclipse.jdt.internal.compiler.batch.Main', '-proc:none'],
      ...['-17', '-nowarn', '-cp', join(HOME, 'lib/servlet-api.jar'), '-d', classes, SERVLET.pathname],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    renameSync(making, folder);
  } catch {
    rmSync(making, { recursive: true }); // another process was first
  }
  return folder;
}

/** The bytes that `download?size=` sends from `start` to `end`. */
export function downloadBytes(start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((start + i) * 7 + Math.floor((start + i) / 251)) & 0xff;
  return bytes;
}
