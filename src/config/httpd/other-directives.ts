// Directives of modules of httpd 2.4.71, and of some that others make, which are not provided here: known, so that they
// are told with a reason and not taken for misspelled. Data only; the shape is `directive-table.ts`'s.

import type { ModuleDirectives } from './directive-table.ts';

export const OTHER_DIRECTIVES: readonly ModuleDirectives[] = [
  {
    module: 'actions',
    without: 'no CGI scripts are run',
    ignored: { anywhere: 'Action Script' },
  },
  {
    module: 'allowmethods',
    restricts: { section: 'AllowMethods' },
  },
  {
    module: 'brotli',
    without: 'responses are not compressed',
    ignored: {
      server:
        'BrotliAlterETag BrotliCompressionMaxInputBlock BrotliCompressionQuality BrotliCompressionWindow BrotliFilterNote',
    },
  },
  {
    module: 'buffer',
    without: 'bodies are not gathered first',
    ignored: { section: 'BufferSize' },
  },
  {
    module: 'cache',
    without: 'nothing is cached',
    ignored: {
      server:
        'CacheIgnoreCacheControl CacheIgnoreHeaders CacheIgnoreQueryString CacheIgnoreURLSessionIdentifiers CacheKeyBaseURL CacheLock CacheLockMaxAge CacheLockPath CacheQuickHandler',
      anywhere:
        'CacheDefaultExpire CacheDetailHeader CacheDisable CacheEnable CacheHeader CacheIgnoreNoLastMod CacheLastModifiedFactor CacheMaxExpire CacheMinExpire CacheStaleOnError CacheStoreExpired CacheStoreNoStore CacheStorePrivate',
    },
  },
  {
    module: 'cache_disk',
    without: 'nothing is cached',
    ignored: {
      server: 'CacheDirLength CacheDirLevels CacheRoot',
      anywhere: 'CacheMaxFileSize CacheMinFileSize CacheReadSize CacheReadTime',
    },
  },
  {
    module: 'cache_socache',
    without: 'nothing is cached',
    ignored: {
      server: 'CacheSocache',
      anywhere: 'CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheReadSize CacheSocacheReadTime',
    },
  },
  {
    module: 'case_filter',
    without: 'responses pass unchanged',
    ignored: { server: 'CaseFilter' },
  },
  {
    module: 'case_filter_in',
    without: 'requests pass unchanged',
    ignored: { server: 'CaseFilterIn' },
  },
  {
    module: 'cern_meta',
    without: 'no such files are read',
    ignored: { anywhere: 'MetaDir MetaFiles MetaSuffix' },
  },
  {
    module: 'charset_lite',
    without: 'responses keep their character set',
    ignored: { anywhere: 'CharsetDefault CharsetOptions CharsetSourceEnc' },
  },
  {
    module: 'dav',
    without: 'WebDAV methods are not served',
    ignored: { anywhere: 'DAVDepthInfinity DAVLockDiscovery DAVMinTimeout', section: 'DAV DAVBasePath' },
  },
  {
    module: 'dav_fs',
    without: 'WebDAV methods are not served',
    ignored: { server: 'DAVLockDB' },
  },
  {
    module: 'dav_lock',
    without: 'WebDAV methods are not served',
    ignored: { section: 'DAVGenericLockDB' },
  },
  {
    module: 'dbd',
    without: 'no data base is asked',
    ignored: { server: 'DBDExptime DBDInitSQL DBDKeep DBDMax DBDMin DBDParams DBDPersist DBDPrepareSQL DBDriver' },
  },
  {
    module: 'deflate',
    without: 'responses are not compressed',
    ignored: {
      server:
        'DeflateAlterEtag DeflateBufferSize DeflateCompressionLevel DeflateFilterNote DeflateMemLevel DeflateWindowSize',
      anywhere: 'DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit',
    },
  },
  {
    module: 'dialup',
    without: 'bandwidth is not limited',
    ignored: { section: 'ModemStandard' },
  },
  {
    module: 'echo',
    without: 'only HTTP is spoken',
    ignored: { server: 'ProtocolEcho' },
  },
  {
    module: 'expires',
    without: 'no Expires or Cache-Control is added; use Header set',
    ignored: { anywhere: 'ExpiresActive ExpiresByType ExpiresDefault' },
  },
  {
    module: 'ext_filter',
    without: 'responses pass unchanged',
    ignored: { server: 'ExtFilterDefine', section: 'ExtFilterOptions' },
  },
  {
    module: 'file_cache',
    without: 'nothing is cached',
    ignored: { server: 'Cachefile Mmapfile' },
  },
  {
    module: 'filter',
    without: 'responses pass unchanged',
    ignored: { anywhere: 'AddOutputFilterByType FilterChain FilterDeclare FilterProtocol FilterProvider FilterTrace' },
  },
  {
    module: 'heartbeat',
    without: 'no heartbeats are sent',
    ignored: { server: 'HeartbeatAddress' },
  },
  {
    module: 'ident',
    without: 'clients are not asked who they are',
    ignored: { anywhere: 'IdentityCheck IdentityCheckTimeout' },
  },
  {
    module: 'imagemap',
    without: 'no image maps are served',
    ignored: { anywhere: 'ImapBase ImapDefault ImapMenu' },
  },
  {
    module: 'include',
    without: 'files are sent as they are',
    ignored: {
      server: 'SSIEndTag SSIStartTag',
      anywhere: 'SSIErrorMsg SSITimeFormat SSIUndefinedEcho XBitHack',
      section: 'SSIEtag SSILastModified SSILegacyExprParser',
    },
  },
  {
    module: 'log_debug',
    without: 'no such messages are logged',
    ignored: { anywhere: 'LogMessage' },
  },
  {
    module: 'log_forensic',
    without: 'no forensic log is written',
    ignored: { server: 'ForensicLog' },
  },
  {
    module: 'lua',
    without: 'no Lua runs',
    restricts: {
      server: 'LuaAuthzProvider',
      anywhere:
        'LuaHookAccessChecker <LuaHookAccessChecker LuaHookAuthChecker <LuaHookAuthChecker LuaHookCheckUserID <LuaHookCheckUserID',
    },
    ignored: {
      anywhere:
        'Lua_____ByteCodeHack LuaCodeCache LuaHookFixups <LuaHookFixups LuaHookInsertFilter LuaHookLog LuaHookMapToStorage <LuaHookMapToStorage LuaHookPreTranslateName <LuaHookPreTranslateName LuaHookTranslateName <LuaHookTranslateName LuaHookTypeChecker <LuaHookTypeChecker LuaInherit LuaInputFilter LuaMapHandler LuaOutputFilter LuaPackageCPath LuaPackagePath LuaQuickHandler <LuaQuickHandler LuaRoot LuaScope',
    },
  },
  {
    module: 'md',
    without: 'certificates are not fetched',
    restricts: { anywhere: 'MDRequireHttps' },
    ignored: {
      server:
        'MDActivationDelay MDBaseServer MDCACertificateFile MDCAChallenges MDCertificateAgreement MDCertificateAuthority MDCertificateCheck MDCertificateFile MDCertificateKeyFile MDCertificateProtocol MDCertificateStatus MDChallengeDns01 MDChallengeDns01Version MDCheckInterval MDContactEmail MDDriveMode MDExternalAccountBinding MDHttpProxy MDHttpProxyCACertificateFile MDInitialDelay MDMatchNames MDMember MDMembers MDMessageCmd MDMustStaple MDNotifyCmd MDomain <MDomain <MDomainSet MDPortMap MDPrivateKeys MDProfile MDProfileMandatory MDRenewMode MDRenewViaARI MDRenewWindow MDRetryDelay MDRetryFailover MDServerStatus MDStapleOthers MDStapling MDStaplingKeepResponse MDStaplingRenewWindow MDStoreDir MDStoreLocks MDWarnWindow',
    },
  },
  {
    module: 'proxy_express',
    without: 'no mapping is made',
    ignored: { anywhere: 'ProxyExpressDBMFile ProxyExpressDBMType ProxyExpressEnable' },
  },
  {
    module: 'proxy_fcgi',
    without: 'FastCGI backends are not served',
    ignored: { anywhere: 'ProxyFCGIBackendType ProxyFCGISetEnvIf' },
  },
  {
    module: 'proxy_html',
    without: 'links in pages are not rewritten',
    ignored: {
      anywhere:
        'ProxyHTMLBufSize ProxyHTMLCharsetOut ProxyHTMLDoctype ProxyHTMLEnable ProxyHTMLEvents ProxyHTMLExtended ProxyHTMLFixups ProxyHTMLInterp ProxyHTMLLinks ProxyHTMLMeta ProxyHTMLStripComments ProxyHTMLURLMap',
    },
  },
  {
    module: 'proxy_scgi',
    without: 'SCGI backends are not served',
    ignored: { anywhere: 'ProxySCGIInternalRedirect ProxySCGISendfile' },
  },
  {
    module: 'reflector',
    without: 'requests are not reflected',
    ignored: { anywhere: 'ReflectorHeader' },
  },
  {
    module: 'request',
    without: 'bodies are not kept',
    ignored: { section: 'KeptBodySize' },
  },
  {
    module: 'sed',
    without: 'bodies pass unchanged',
    ignored: { section: 'InputSed OutputSed' },
  },
  {
    module: 'substitute',
    without: 'bodies pass unchanged',
    ignored: { anywhere: 'Substitute SubstituteInheritBefore SubstituteMaxLineLength' },
  },
  {
    module: 'suexec',
    without: 'no CGI scripts are run',
    ignored: { global: 'SuexecUserGroup' },
  },
  {
    module: 'userdir',
    without: 'there are no home directories',
    ignored: { server: 'UserDir' },
  },
  {
    module: 'usertrack',
    without: 'no tracking cookie is set',
    ignored: {
      anywhere:
        'CookieDomain CookieExpires CookieHttpOnly CookieName CookieSameSite CookieSecure CookieStyle CookieTracking',
    },
  },
  {
    module: 'vhost_alias',
    without: 'give each host its own section',
    ignored: { server: 'VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias VirtualScriptAliasIP' },
  },
  {
    module: 'xml2enc',
    without: 'bodies pass unchanged',
    ignored: { server: 'Xml2EncAlias', anywhere: 'Xml2EncDefault Xml2StartParse' },
  },
  {
    module: 'wsgi',
    without: 'no Python applications are run',
    ignored: {
      anywhere:
        'WSGIApplicationGroup WSGICallableObject WSGIChunkedRequest WSGIDaemonProcess WSGIImportScript WSGILazyInitialization WSGIPassAuthorization WSGIProcessGroup WSGIPythonHome WSGIPythonOptimize WSGIPythonPath WSGIScriptAlias WSGIScriptAliasMatch WSGIScriptReloading WSGISocketPrefix',
    },
    restricts: { anywhere: 'WSGIAccessScript WSGIAuthUserScript WSGIAuthGroupScript' },
  },
  {
    module: 'php',
    without: 'no PHP is run',
    ignored: { anywhere: 'PHPIniDir php_admin_flag php_admin_value php_flag php_value' },
  },
  {
    module: 'manager',
    without: 'members do not register themselves here',
    ignored: {
      anywhere:
        'AdvertiseFrequency AdvertiseGroup AdvertiseSecurityKey AllowDisplay CreateBalancers EnableMCPMReceive KeepAliveTimeoutMCPM ManagerBalancerName Maxcontext Maxhost Maxnode MemManagerFile PersistSlots ServerAdvertise WSUpgradeHeader',
    },
  },
];
