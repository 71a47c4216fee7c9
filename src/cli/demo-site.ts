// The texts of the demo: the configuration that a person would write by hand, and the static page in front.

/** Files of the demo's ServerRoot, by relative path. */
export function demoFiles(
  frontPort: number,
  members: readonly { readonly route: string; readonly port: number }[],
): Map<string, string> {
  const balancerMembers = members
    .map(
      (member) => `  BalancerMember ajp://127.0.0.1:${member.port}/webapp route=${member.route} loadfactor=10 retry=5`,
    )
    .join('\n');
  return new Map([
    [
      'httpd.conf',
      `# The demo's site, as one would write it for Apache httpd.
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_ajp_module modules/mod_proxy_ajp.so
LoadModule proxy_balancer_module modules/mod_proxy_balancer.so

Listen 127.0.0.1:${frontPort}
ServerName localhost
DocumentRoot htdocs
<Directory htdocs>
  Require all granted
</Directory>

LogFormat "%h %t \\"%r\\" %>s %b member=%{BALANCER_WORKER_ROUTE}e %Dus" demo
CustomLog logs/access.log demo

Include conf.d/proxy_ajp.conf
`,
    ],
    [
      'conf.d/proxy_ajp.conf',
      `ProxyRequests Off
ProxyPass /webapp/ balancer://webapp/ stickysession=JSESSIONID|jsessionid

<Proxy balancer://webapp>
${balancerMembers}
</Proxy>

<Location /balancer-manager/>
  SetHandler balancer-manager

  Order Deny,Allow
  Deny from all
  Allow from 127.0.0.1
</Location>
`,
    ],
    [
      'htdocs/index.html',
      page('Catflap demo', '<p>Static pages come from the frontend: <a href="/contents/menu.html">the menu</a>.</p>'),
    ],
    [
      'htdocs/contents/menu.html',
      page(
        'Menu',
        `<p>This page is a file, served by the frontend itself.</p>
<ul>
  <li><a href="/webapp/">The application</a>, served by one of two Node members over AJP</li>
  <li><a href="/webapp/auth/login">Log in</a></li>
  <li><a href="/webapp/mypage">My page</a>: who served it, and what the session holds</li>
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
  table { border-collapse: collapse; } td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; }
  nav { border-top: 1px solid #ccc; margin-top: 2rem; padding-top: .5rem; }
</style>
<h1>${title}</h1>
${content}
<nav><a href="/contents/menu.html">Menu</a> · <a href="/webapp/">Application</a> · <a href="/webapp/mypage">My page</a></nav>
</html>
`;
}
