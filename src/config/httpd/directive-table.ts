// The directives of httpd 2.4.71 by module, each with where it may stand and what becomes of it here. Names and contexts
// are what `apache2 -L` of Debian 12 lists; the rest is ours. Data only: `directives.ts` reads it.

/**
 * Names by where they may stand. `global`: outside every section. `server`: there or in a VirtualHost. `section`: only in
 * Directory, Files, Location, Proxy, If. `anywhere`: all of these. Sections begin with `<`.
 */
export interface Names {
  readonly global?: string;
  readonly server?: string;
  readonly anywhere?: string;
  readonly section?: string;
}

export interface ModuleDirectives {
  /** Without `mod_`. */
  readonly module: string;
  /** What it means that `ignored` ones do nothing: ends the sentence "… is not honoured:". */
  readonly without?: string;
  /** `site` compiles them. */
  readonly honoured?: Names;
  /** Harmless without effect: tuning of processes, decoration. Silent. */
  readonly accepted?: Names;
  /** Warned about. */
  readonly ignored?: Names;
  /** They keep somebody out; not honouring them would let him in, so they stop the start. */
  readonly restricts?: Names;
}

export const DIRECTIVE_TABLE: readonly ModuleDirectives[] = [
  {
    module: 'core',
    without: 'it changes nothing',
    honoured: {
      global: 'PidFile ServerTokens <VirtualHost',
      server:
        'AllowEncodedSlashes DefaultRuntimeDir <Directory <DirectoryMatch DocumentRoot ErrorLog ExtendedStatus LimitRequestFields LimitRequestFieldsize LimitRequestLine <Location <LocationMatch MergeSlashes Protocols ServerAdmin ServerAlias ServerName Timeout TraceEnable',
      anywhere:
        'AddDefaultCharset <Else <ElseIf ErrorDocument FileETag <Files <FilesMatch ForceType HostnameLookups <If LimitRequestBody LogLevel Options ServerSignature SetHandler UseCanonicalName UseCanonicalPhysicalPort',
      section: 'AllowOverride',
    },
    accepted: {
      global:
        'CoreDumpDirectory MaxConnectionsPerChild MaxMemFree MaxRequestsPerChild Mutex ScoreBoardFile ThreadStackSize',
      server:
        'AcceptFilter AccessFileName ErrorLogFormat FlushMaxPipelined FlushMaxThreshold LimitInternalRecursion NameVirtualHost Protocol ProtocolsHonorOrder SeeRequestTail ServerPath',
      anywhere:
        'AcceptPathInfo CGIVar ContentDigest DefaultType EnableMMAP EnableSendfile LimitXMLRequestBody MaxRangeOverlaps MaxRangeReversals MaxRanges QualifyRedirectURL ReadBufferSize RLimitCPU RLimitMEM RLimitNPROC',
      section: 'AllowOverrideList CGIPassAuth',
    },
    restricts: { section: '<Limit <LimitExcept' },
    ignored: {
      global: 'RegexDefaultOptions RegisterHttpMethod',
      server: 'HttpProtocolOptions MergeTrailers StrictHostCheck',
      anywhere: 'SetInputFilter SetOutputFilter',
    },
  },
  {
    module: 'access_compat',
    honoured: { section: 'Allow Deny Order Satisfy' },
  },
  {
    module: 'actions',
    without: 'no CGI scripts are run',
    ignored: { anywhere: 'Action Script' },
  },
  {
    module: 'alias',
    without: 'the path is used as it stands',
    honoured: {
      server: 'AliasMatch ScriptAliasMatch',
      anywhere: 'Alias Redirect RedirectMatch RedirectPermanent RedirectTemp ScriptAlias',
    },
    ignored: { anywhere: 'AliasPreservePath RedirectRelative' },
  },
  {
    module: 'allowmethods',
    restricts: { section: 'AllowMethods' },
  },
  {
    module: 'auth_basic',
    without: 'nobody is asked for a password',
    ignored: { section: 'AuthBasicAuthoritative AuthBasicFake AuthBasicProvider AuthBasicUseDigestAlgorithm' },
  },
  {
    module: 'auth_digest',
    without: 'nobody is asked for a password',
    ignored: {
      server: 'AuthDigestShmemSize',
      section:
        'AuthDigestAlgorithm AuthDigestDomain AuthDigestNcCheck AuthDigestNonceLifetime AuthDigestProvider AuthDigestQop',
    },
  },
  {
    module: 'auth_form',
    without: 'nobody is asked for a password',
    ignored: {
      section:
        'AuthFormAuthoritative AuthFormBody AuthFormDisableNoStore AuthFormFakeBasicAuth AuthFormLocation AuthFormLoginRequiredLocation AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormProvider AuthFormSitePassphrase AuthFormSize AuthFormUsername',
    },
  },
  {
    module: 'authn_anon',
    without: 'nobody is asked for a password',
    ignored: {
      section: 'Anonymous Anonymous_LogEmail Anonymous_MustGiveEmail Anonymous_NoUserId Anonymous_VerifyEmail',
    },
  },
  {
    module: 'authn_core',
    honoured: { section: 'AuthType' },
    accepted: { section: 'AuthName' },
    restricts: { server: '<AuthnProviderAlias' },
  },
  {
    module: 'authn_dbd',
    without: 'nobody is asked for a password',
    ignored: { section: 'AuthDBDUserPWQuery AuthDBDUserRealmQuery' },
  },
  {
    module: 'authn_dbm',
    without: 'nobody is asked for a password',
    ignored: { section: 'AuthDBMType AuthDBMUserFile' },
  },
  {
    module: 'authn_file',
    without: 'nobody is asked for a password',
    ignored: { section: 'AuthUserFile' },
  },
  {
    module: 'authn_socache',
    without: 'nobody is asked for a password',
    ignored: {
      global: 'AuthnCacheEnable AuthnCacheSOCache',
      section: 'AuthnCacheContext AuthnCacheProvideFor AuthnCacheTimeout',
    },
  },
  {
    module: 'authnz_fcgi',
    without: 'nobody is asked for a password',
    restricts: { anywhere: 'AuthnzFcgiCheckAuthnProvider' },
    ignored: { global: 'AuthnzFcgiDefineProvider' },
  },
  {
    module: 'authnz_ldap',
    without: 'nobody is asked for a password',
    ignored: {
      server: 'AuthLDAPCharsetConfig',
      section:
        'AuthLDAPAuthorizePrefix AuthLDAPBindAuthoritative AuthLDAPBindDN AuthLDAPBindPassword AuthLDAPCompareAsUser AuthLDAPCompareDNOnServer AuthLDAPDereferenceAliases AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPInitialBindAsUser AuthLDAPInitialBindPattern AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthLDAPRemoteUserIsDN AuthLDAPSearchAsUser AuthLDAPSubGroupAttribute AuthLDAPSubGroupClass AuthLDAPURL',
    },
  },
  {
    module: 'authz_core',
    honoured: { section: 'AuthMerging Require <RequireAll <RequireAny <RequireNone' },
    accepted: { section: 'AuthzSendForbiddenOnFailure' },
    restricts: { server: '<AuthzProviderAlias' },
  },
  {
    module: 'authz_dbd',
    without: 'users have no groups here',
    ignored: { section: 'AuthzDBDLoginToReferer AuthzDBDQuery AuthzDBDRedirectQuery' },
  },
  {
    module: 'authz_dbm',
    without: 'users have no groups here',
    ignored: { section: 'AuthDBMGroupFile AuthzDBMType' },
  },
  {
    module: 'authz_groupfile',
    without: 'users have no groups here',
    ignored: { section: 'AuthGroupFile' },
  },
  {
    module: 'autoindex',
    accepted: {
      anywhere:
        'AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon FancyIndexing HeaderName IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName',
    },
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
    module: 'cgi',
    accepted: { global: 'ScriptLog', server: 'ScriptLogBuffer ScriptLogLength', anywhere: 'CGIScriptTimeout' },
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
    module: 'dir',
    honoured: { anywhere: 'DirectoryIndex DirectorySlash FallbackResource' },
    accepted: { anywhere: 'DirectoryCheckHandler DirectoryIndexRedirect' },
  },
  {
    module: 'dumpio',
    accepted: { server: 'DumpIOInput DumpIOOutput' },
  },
  {
    module: 'echo',
    without: 'only HTTP is spoken',
    ignored: { server: 'ProtocolEcho' },
  },
  {
    module: 'env',
    honoured: { anywhere: 'PassEnv SetEnv UnsetEnv' },
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
    module: 'headers',
    honoured: { anywhere: 'Header RequestHeader' },
  },
  {
    module: 'heartbeat',
    without: 'no heartbeats are sent',
    ignored: { server: 'HeartbeatAddress' },
  },
  {
    module: 'heartmonitor',
    without: 'no heartbeats are received',
    ignored: { global: 'HeartbeatListen HeartbeatMaxServers HeartbeatStorage' },
  },
  {
    module: 'http',
    honoured: { server: 'KeepAlive KeepAliveTimeout MaxKeepAliveRequests' },
  },
  {
    module: 'http2',
    accepted: {
      server:
        'H2Direct H2EarlyHints H2MaxDataFrameLen H2MaxHeaderBlockLen H2MaxSessionStreams H2MaxStreamErrors H2MaxWorkerIdleSeconds H2MaxWorkers H2MinWorkers H2ModernTLSOnly H2OutputBuffering H2Padding H2PushDiarySize H2PushPriority H2SerializeHeaders H2SessionExtraFiles H2StreamMaxMemSize H2StreamTimeout H2TLSCoolDownSecs H2TLSWarmUpSize H2WebSockets H2WindowSize',
      anywhere: 'H2CopyFiles H2EarlyHint H2ProxyRequests H2Push H2PushResource H2Upgrade',
    },
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
    module: 'info',
    accepted: { server: 'AddModuleInfo' },
  },
  {
    module: 'jk',
    without: 'mod_jk is not served yet',
    restricts: { server: 'JkAutoAlias JkMountFile', anywhere: 'JkMount' },
    ignored: {
      server:
        'JkAuthTypeIndicator JkCERTCHAINPrefix JkCERTSIndicator JkCIPHERIndicator JkEnvVar JkExtractSSL JkHTTPSIndicator JkIgnoreCLIndicator JkKEYSIZEIndicator JkLocalAddrIndicator JkLocalNameIndicator JkLocalPortIndicator JkLogFile JkLogLevel JkLogStampFormat JkMountCopy JkMountFileReload JkOptions JkRemoteAddrIndicator JkRemoteHostIndicator JkRemotePortIndicator JkRemoteUserIndicator JkRequestLogFormat JkSESSIONIndicator JkShmFile JkShmSize JkSSLPROTOCOLIndicator JkStripSession JkWatchdogInterval JkWorkerIndicator JkWorkerProperty JkWorkersFile',
      anywhere: 'JkUnMount',
    },
  },
  {
    module: 'lbmethod_heartbeat',
    without: 'no heartbeats are received',
    ignored: { global: 'HeartbeatStorage' },
  },
  {
    module: 'ldap',
    without: 'no directory server is asked',
    ignored: {
      server:
        'LDAPCacheEntries LDAPCacheTTL LDAPConnectionPoolTTL LDAPConnectionTimeout LDAPLibraryDebug LDAPOpCacheEntries LDAPOpCacheTTL LDAPRetries LDAPRetryDelay LDAPSharedCacheFile LDAPSharedCacheSize LDAPTimeout LDAPTrustedGlobalCert LDAPTrustedMode LDAPVerifyServerCert',
      section: 'LDAPReferralHopLimit LDAPReferrals LDAPTrustedClientCert',
    },
  },
  {
    module: 'log_config',
    honoured: { server: 'CustomLog GlobalLog LogFormat TransferLog' },
    accepted: { server: 'BufferedLogs' },
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
    module: 'logio',
    accepted: { anywhere: 'LogIOTrackTTFB' },
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
    module: 'mime',
    without: 'responses pass unchanged',
    honoured: {
      server: 'TypesConfig',
      anywhere:
        'AddCharset AddEncoding AddHandler AddLanguage AddType RemoveCharset RemoveEncoding RemoveHandler RemoveLanguage RemoveType',
    },
    accepted: { anywhere: 'DefaultLanguage MultiviewsMatch', section: 'ModMimeUsePathInfo' },
    ignored: { anywhere: 'AddInputFilter AddOutputFilter RemoveInputFilter RemoveOutputFilter' },
  },
  {
    module: 'mime_magic',
    accepted: { server: 'MimeMagicFile' },
  },
  {
    module: 'mpm_event',
    honoured: { global: 'GracefulShutdownTimeout Listen ListenBacklog' },
    accepted: {
      global:
        'AsyncRequestWorkerFactor ListenCoresBucketsRatio ListenTCPDeferAccept MaxClients MaxRequestWorkers MaxSpareThreads MinSpareThreads ReceiveBufferSize SendBufferSize ServerLimit StartServers ThreadLimit ThreadsPerChild',
    },
  },
  {
    module: 'negotiation',
    accepted: { server: 'CacheNegotiatedDocs', anywhere: 'ForceLanguagePriority LanguagePriority' },
  },
  {
    module: 'proxy',
    without: 'this server is no forward proxy',
    honoured: {
      server:
        'BalancerGrowth BalancerInherit BalancerPersist <Proxy ProxyBadHeader ProxyIOBufferSize <ProxyMatch ProxyMaxForwards ProxyPassInherit ProxyReceiveBufferSize ProxyRequests ProxyStatus ProxyTimeout ProxyVia',
      anywhere:
        'BalancerMember Proxy100Continue ProxyAddHeaders ProxyErrorOverride ProxyPass ProxyPassInterpolateEnv ProxyPassMatch ProxyPassReverse ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxyPreserveHost ProxySet',
    },
    accepted: { server: 'NoProxy ProxyDomain' },
    restricts: { server: 'ProxyBlock' },
    ignored: { server: 'ProxyRemote ProxyRemoteMatch ProxySourceAddress' },
  },
  {
    module: 'proxy_connect',
    accepted: { server: 'AllowCONNECT' },
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
    module: 'proxy_ftp',
    accepted: { anywhere: 'ProxyFtpDirCharset ProxyFtpEscapeWildcards ProxyFtpListOnWildcard' },
  },
  {
    module: 'proxy_hcheck',
    honoured: { global: 'ProxyHCTPsize', anywhere: 'ProxyHCExpr ProxyHCTemplate' },
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
    module: 'proxy_wstunnel',
    without: 'upgrades follow upgrade= of the member',
    ignored: { anywhere: 'ProxyWebsocketFallbackToProxyHttp' },
  },
  {
    module: 'reflector',
    without: 'requests are not reflected',
    ignored: { anywhere: 'ReflectorHeader' },
  },
  {
    module: 'remoteip',
    without: 'the client is whoever connects',
    restricts: { server: 'RemoteIPHeader RemoteIPProxyProtocol' },
    ignored: {
      server:
        'RemoteIPInternalProxy RemoteIPInternalProxyList RemoteIPProxiesHeader RemoteIPProxyProtocolExceptions RemoteIPTrustedProxy RemoteIPTrustedProxyList',
    },
  },
  {
    module: 'reqtimeout',
    honoured: { server: 'RequestReadTimeout' },
  },
  {
    module: 'request',
    without: 'bodies are not kept',
    ignored: { section: 'KeptBodySize' },
  },
  {
    module: 'rewrite',
    without: 'URLs are not rewritten',
    honoured: { anywhere: 'RewriteEngine RewriteRule' },
    ignored: { server: 'RewriteMap', anywhere: 'RewriteBase RewriteCond RewriteOptions' },
  },
  {
    module: 'sed',
    without: 'bodies pass unchanged',
    ignored: { section: 'InputSed OutputSed' },
  },
  {
    module: 'session',
    without: 'no session is kept here',
    ignored: {
      anywhere:
        'Session SessionEnv SessionExclude SessionExpiryUpdateInterval SessionHeader SessionInclude SessionMaxAge',
    },
  },
  {
    module: 'session_cookie',
    without: 'no session is kept here',
    ignored: { anywhere: 'SessionCookieName SessionCookieName2 SessionCookieRemove' },
  },
  {
    module: 'session_crypto',
    without: 'no session is kept here',
    ignored: {
      server: 'SessionCryptoDriver',
      anywhere: 'SessionCryptoCipher SessionCryptoPassphrase SessionCryptoPassphraseFile',
    },
  },
  {
    module: 'session_dbd',
    without: 'no session is kept here',
    ignored: {
      anywhere:
        'SessionDBDCookieName SessionDBDCookieName2 SessionDBDCookieRemove SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDPerUser SessionDBDSelectLabel SessionDBDUpdateLabel',
    },
  },
  {
    module: 'setenvif',
    without: 'no variable is set',
    honoured: { anywhere: 'BrowserMatch BrowserMatchNoCase SetEnvIf SetEnvIfNoCase' },
    ignored: { anywhere: 'SetEnvIfExpr' },
  },
  {
    module: 'socache_memcache',
    accepted: { server: 'MemcacheConnTTL' },
  },
  {
    module: 'socache_redis',
    accepted: { server: 'RedisConnPoolTTL RedisTimeout' },
  },
  {
    module: 'speling',
    accepted: { anywhere: 'CheckBasenameMatch CheckCaseOnly CheckSpelling' },
  },
  {
    module: 'ssl',
    without: 'TLS follows its own defaults there',
    honoured: {
      server:
        'SSLCertificateChainFile SSLCertificateFile SSLCertificateKeyFile SSLEngine SSLHonorCipherOrder SSLProtocol SSLProxyCACertificateFile SSLProxyCACertificatePath SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName SSLProxyCipherSuite SSLProxyEngine SSLProxyMachineCertificateFile SSLProxyProtocol SSLProxyVerify',
      anywhere: 'SSLCipherSuite SSLOptions SSLVerifyClient',
    },
    accepted: {
      global: 'SSLCryptoDevice SSLSessionCache SSLStaplingCache',
      server: 'SSLCompression SSLInsecureRenegotiation SSLRandomSeed SSLSessionCacheTimeout',
      anywhere: 'SSLLog SSLLogLevel',
      section: 'SSLRenegBufferSize',
    },
    restricts: { server: 'SSLStrictSNIVHostCheck', section: 'SSLRequire SSLRequireSSL' },
    ignored: {
      global: 'SSLPassPhraseDialog SSLVHostSNIPolicy',
      server:
        'SSLCADNRequestFile SSLCADNRequestPath SSLCARevocationCheck SSLCARevocationFile SSLCARevocationPath SSLFIPS SSLOCSPDefaultResponder SSLOCSPEnable SSLOCSPNoVerify SSLOCSPOverrideResponder SSLOCSPProxyURL SSLOCSPResponderCertificateFile SSLOCSPResponderTimeout SSLOCSPResponseMaxAge SSLOCSPResponseTimeSkew SSLOCSPUseRequestNonce SSLOpenSSLConfCmd SSLProxyCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath SSLProxyMachineCertificateChainFile SSLProxyMachineCertificatePath SSLProxyVerifyDepth SSLSessionTicketKeyFile SSLSessionTickets SSLSRPUnknownUserSeed SSLSRPVerifierFile SSLStaplingErrorCacheTimeout SSLStaplingFakeTryLater SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge SSLStaplingResponseTimeSkew SSLStaplingReturnResponderErrors SSLStaplingStandardCacheTimeout SSLUseStapling',
      anywhere: 'SSLCACertificateFile SSLCACertificatePath SSLUserName SSLVerifyDepth',
    },
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
    module: 'unixd',
    without: 'the process keeps its root directory',
    honoured: { global: 'Group User' },
    ignored: { global: 'ChrootDir', server: 'Suexec' },
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
    module: 'watchdog',
    accepted: { global: 'WatchdogInterval' },
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
    module: 'security2',
    restricts: { anywhere: 'SecAction SecDefaultAction SecRule SecRuleEngine SecRuleScript' },
    ignored: {
      anywhere:
        'SecAuditEngine SecAuditLog SecAuditLogParts SecAuditLogType SecDataDir SecDebugLog SecDebugLogLevel SecTmpDir',
    },
    without: 'requests are not inspected',
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
