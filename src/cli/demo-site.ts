// The texts of the demo: the configuration that a person would write by hand, and the static page in front.

/** The first line of its httpd.conf, by which the demo knows a folder that it may fill again. */
export const DEMO_MARK = "# The demo's site, as one would write it for Apache httpd.";

/** Files of the demo's ServerRoot, by relative path. */
export function demoFiles(
  folder: string,
  frontPort: number,
  members: readonly { readonly route: string; readonly port: number }[],
): Map<string, string> {
  const balancerMembers = members
    .map(
      (member) =>
        `  BalancerMember ajp://127.0.0.1:${member.port}/webapp route=${member.route} loadfactor=10 hcmethod=CPING hcinterval=2 connectiontimeout=1`,
    )
    .join('\n');
  return new Map([
    [
      'httpd.conf',
      `${DEMO_MARK}
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_ajp_module modules/mod_proxy_ajp.so
LoadModule proxy_balancer_module modules/mod_proxy_balancer.so
LoadModule proxy_hcheck_module modules/mod_proxy_hcheck.so
LoadModule status_module modules/mod_status.so

Listen 127.0.0.1:${frontPort}
ServerName localhost
DocumentRoot "${folder}/htdocs"
<Directory "${folder}/htdocs">
  Require all granted
</Directory>

# One line per request, with the member that answered it.
LogFormat "%h %t \\"%r\\" %>s %b member=%{BALANCER_WORKER_ROUTE}e %Dus" demo
CustomLog logs/access.log demo

Include conf.d/proxy_ajp.conf
`,
    ],
    [
      'conf.d/proxy_ajp.conf',
      `ProxyRequests Off
ProxyPass /webapp/ balancer://webapp/ stickysession=JSESSIONID|jsessionid

# Members are asked every two seconds whether they are well (hcmethod).
<Proxy balancer://webapp>
${balancerMembers}
</Proxy>

# For whoever sits at this machine.
<Location /balancer-manager>
  SetHandler balancer-manager
  Require local
</Location>
<Location /server-status>
  SetHandler server-status
  Require local
</Location>
ProxyStatus On
`,
    ],
    ['htdocs/index.html', page('Catflap demo', '<p>Begin with <a href="/contents/menu.html">the menu</a>.</p>')],
    [
      'htdocs/contents/menu.html',
      page(
        'Menu',
        `<p>This page is a file, which the frontend serves itself. Everything under <code>/webapp/</code> goes over AJP to
one of two Node servers, the members <b>jvm1</b> and <b>jvm2</b>.</p>
<ul>
  <li><a href="/webapp/">The application</a>: the first page begins a session, and the session stays with its member</li>
  <li><a href="/webapp/auth/login">Log in</a></li>
  <li><a href="/webapp/mypage">My page</a>: who served it, what the session holds, and its id</li>
  <li><a href="/balancer-manager">Balancer manager</a>: take a member out of service, and put it back</li>
  <li><a href="/server-status">Server status</a>: what the frontend is doing</li>
</ul>`,
      ),
    ],
  ]);
}

/** A page of the demo. `content` is HTML. */
export function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 1rem 0; } caption { text-align: left; font-weight: bold; }
  td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; font-weight: normal; }
  nav { border-top: 1px solid #ccc; margin-top: 2rem; padding-top: .5rem; }
</style>
<h1>${title}</h1>
${content}
<nav><a href="/contents/menu.html">Menu</a> · <a href="/webapp/">Application</a> · <a href="/webapp/mypage">My page</a></nav>
</html>
`;
}
