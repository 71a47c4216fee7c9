// Directives of those modules of httpd 2.4.71 that are provided here in whole or in part, each with where it may stand
// and what becomes of it; the others are in `authentication-directives.ts` and `other-directives.ts`. Names and contexts
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
  /** `site` reads and checks them; nothing follows from them, and it warns where that makes a difference. */
  readonly checked?: Names;
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
      global: 'PidFile <VirtualHost',
      server:
        'AllowEncodedSlashes DefaultRuntimeDir <Directory <DirectoryMatch DocumentRoot ErrorLog ExtendedStatus LimitRequestFields LimitRequestFieldsize LimitRequestLine <Location <LocationMatch MergeSlashes ServerAlias ServerName Timeout TraceEnable',
      anywhere:
        'AddDefaultCharset <Else <ElseIf ErrorDocument FileETag <Files <FilesMatch ForceType <If LogLevel Options SetHandler UseCanonicalName UseCanonicalPhysicalPort',
      section: '<Limit <LimitExcept',
    },
    checked: {
      global: 'ServerTokens',
      server: 'MergeTrailers Protocols ServerAdmin',
      anywhere: 'HostnameLookups LimitRequestBody ServerSignature',
      section: 'AllowOverride AllowOverrideList',
    },
    accepted: {
      global:
        'CoreDumpDirectory MaxConnectionsPerChild MaxMemFree MaxRequestsPerChild Mutex ScoreBoardFile ThreadStackSize',
      server:
        'AcceptFilter AccessFileName FlushMaxPipelined FlushMaxThreshold LimitInternalRecursion NameVirtualHost Protocol ProtocolsHonorOrder SeeRequestTail',
      anywhere:
        'CGIVar DefaultType EnableMMAP EnableSendfile LimitXMLRequestBody MaxRangeOverlaps MaxRangeReversals MaxRanges QualifyRedirectURL ReadBufferSize RLimitCPU RLimitMEM RLimitNPROC',
      section: 'CGIPassAuth',
    },
    ignored: {
      global: 'RegexDefaultOptions RegisterHttpMethod',
      server: 'HttpProtocolOptions ServerPath StrictHostCheck',
      anywhere: 'AcceptPathInfo ContentDigest SetInputFilter SetOutputFilter',
    },
  },
  {
    module: 'core',
    without: 'lines of the error log have a form of their own',
    ignored: { server: 'ErrorLogFormat' },
  },
  {
    module: 'access_compat',
    honoured: { section: 'Allow Deny Order Satisfy' },
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
    module: 'authn_core',
    honoured: { section: 'AuthName AuthType' },
    restricts: { server: '<AuthnProviderAlias' },
  },
  {
    module: 'authz_core',
    honoured: { section: 'AuthMerging AuthzSendForbiddenOnFailure Require <RequireAll <RequireAny <RequireNone' },
    restricts: { server: '<AuthzProviderAlias' },
  },
  {
    module: 'autoindex',
    accepted: {
      anywhere:
        'AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType DefaultIcon FancyIndexing HeaderName IndexHeadInsert IndexIgnore IndexIgnoreReset IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName',
    },
  },
  {
    // Ours: no module of httpd has this name, so `<IfModule catflap_module>` keeps it from httpd.
    module: 'catflap',
    honoured: { anywhere: 'CatflapProbe' },
  },
  {
    module: 'cgi',
    accepted: { global: 'ScriptLog', server: 'ScriptLogBuffer ScriptLogLength', anywhere: 'CGIScriptTimeout' },
  },
  {
    module: 'dir',
    honoured: { anywhere: 'DirectoryIndex DirectorySlash FallbackResource' },
    without: 'an index is shown under the path of its folder',
    accepted: { anywhere: 'DirectoryCheckHandler' },
    ignored: { anywhere: 'DirectoryIndexRedirect' },
  },
  {
    module: 'dumpio',
    without: 'nothing is dumped',
    ignored: { server: 'DumpIOInput DumpIOOutput' },
  },
  {
    module: 'env',
    honoured: { anywhere: 'PassEnv SetEnv UnsetEnv' },
  },
  {
    module: 'headers',
    honoured: { anywhere: 'Header RequestHeader' },
  },
  {
    module: 'heartmonitor',
    honoured: { global: 'HeartbeatListen HeartbeatMaxServers' },
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
    module: 'info',
    accepted: { server: 'AddModuleInfo' },
  },
  {
    module: 'jk',
    honoured: {
      global: 'JkWatchdogInterval JkWorkerProperty JkWorkersFile',
      server:
        'JkAuthTypeIndicator JkAutoAlias JkCERTCHAINPrefix JkCERTSIndicator JkCIPHERIndicator JkEnvVar JkExtractSSL JkHTTPSIndicator JkIgnoreCLIndicator JkKEYSIZEIndicator JkLocalAddrIndicator JkLocalNameIndicator JkLocalPortIndicator JkLogFile JkLogLevel JkLogStampFormat JkMountCopy JkMountFile JkMountFileReload JkOptions JkRemoteAddrIndicator JkRemoteHostIndicator JkRemotePortIndicator JkRemoteUserIndicator JkRequestLogFormat JkSESSIONIndicator JkSSLPROTOCOLIndicator JkStripSession JkWorkerIndicator',
      anywhere: 'JkMount JkUnMount',
    },
    checked: { global: 'JkShmFile JkShmSize' },
  },
  {
    module: 'lbmethod_heartbeat',
    honoured: { global: 'HeartbeatStorage' },
  },
  {
    module: 'log_config',
    honoured: { server: 'CustomLog GlobalLog LogFormat TransferLog' },
    accepted: { server: 'BufferedLogs' },
  },
  {
    module: 'logio',
    accepted: { anywhere: 'LogIOTrackTTFB' },
  },
  {
    module: 'mime',
    without: 'responses pass unchanged',
    honoured: {
      server: 'TypesConfig',
      anywhere:
        'AddCharset AddEncoding AddHandler AddLanguage AddType RemoveCharset RemoveEncoding RemoveHandler RemoveLanguage RemoveType',
    },
    accepted: { anywhere: 'MultiviewsMatch', section: 'ModMimeUsePathInfo' },
    ignored: { anywhere: 'AddInputFilter AddOutputFilter DefaultLanguage RemoveInputFilter RemoveOutputFilter' },
  },
  {
    module: 'mime_magic',
    without: 'types come from names alone',
    ignored: { server: 'MimeMagicFile' },
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
        'BalancerInherit BalancerPersist <Proxy ProxyBadHeader ProxyIOBufferSize <ProxyMatch ProxyMaxForwards ProxyPassInherit ProxyRequests ProxySourceAddress ProxyStatus ProxyTimeout ProxyVia',
      anywhere:
        'BalancerMember Proxy100Continue ProxyAddHeaders ProxyErrorOverride ProxyPass ProxyPassInterpolateEnv ProxyPassMatch ProxyPassReverse ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxyPreserveHost ProxySet',
    },
    checked: {
      server: 'BalancerGrowth ProxyReceiveBufferSize',
    },
    accepted: { server: 'NoProxy ProxyDomain' },
    restricts: { server: 'ProxyBlock' },
    ignored: { server: 'ProxyRemote ProxyRemoteMatch' },
  },
  {
    module: 'proxy_connect',
    accepted: { server: 'AllowCONNECT' },
  },
  {
    module: 'proxy_ftp',
    accepted: { anywhere: 'ProxyFtpDirCharset ProxyFtpEscapeWildcards ProxyFtpListOnWildcard' },
  },
  {
    module: 'proxy_hcheck',
    honoured: { anywhere: 'ProxyHCExpr ProxyHCTemplate' },
    checked: { global: 'ProxyHCTPsize' },
  },
  {
    module: 'proxy_wstunnel',
    honoured: { anywhere: 'ProxyWebsocketFallbackToProxyHttp' },
  },
  {
    module: 'remoteip',
    honoured: {
      server:
        'RemoteIPHeader RemoteIPInternalProxy RemoteIPInternalProxyList RemoteIPProxiesHeader RemoteIPProxyProtocol RemoteIPProxyProtocolExceptions RemoteIPTrustedProxy RemoteIPTrustedProxyList',
    },
  },
  {
    module: 'reqtimeout',
    honoured: { server: 'RequestReadTimeout' },
  },
  {
    module: 'rewrite',
    honoured: { server: 'RewriteMap', anywhere: 'RewriteBase RewriteCond RewriteEngine RewriteOptions RewriteRule' },
  },
  {
    module: 'setenvif',
    without: 'no variable is set',
    honoured: { anywhere: 'BrowserMatch BrowserMatchNoCase SetEnvIf SetEnvIfExpr SetEnvIfNoCase' },
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
    without: 'names in paths are not corrected',
    accepted: { anywhere: 'CheckBasenameMatch CheckCaseOnly' },
    ignored: { anywhere: 'CheckSpelling' },
  },
  {
    module: 'ssl',
    without: 'it changes nothing here',
    honoured: {
      global: 'SSLPassPhraseDialog SSLVHostSNIPolicy',
      server:
        'SSLCARevocationCheck SSLCARevocationFile SSLCARevocationPath SSLCertificateChainFile SSLCertificateFile SSLCertificateKeyFile SSLEngine SSLHonorCipherOrder SSLProtocol SSLSessionTicketKeyFile SSLSessionTickets SSLStrictSNIVHostCheck',
      anywhere:
        'SSLCACertificateFile SSLCACertificatePath SSLCipherSuite SSLOptions SSLProxyCACertificateFile SSLProxyCACertificatePath SSLProxyCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName SSLProxyCipherSuite SSLProxyEngine SSLProxyMachineCertificateChainFile SSLProxyMachineCertificateFile SSLProxyProtocol SSLProxyVerify SSLProxyVerifyDepth SSLUserName SSLVerifyClient SSLVerifyDepth',
      section: 'SSLRequireSSL',
    },
    checked: { server: 'SSLOCSPEnable' },
    accepted: {
      global: 'SSLCryptoDevice SSLSessionCache SSLStaplingCache',
      server: 'SSLCompression SSLInsecureRenegotiation SSLRandomSeed SSLSessionCacheTimeout',
      anywhere: 'SSLLog SSLLogLevel',
      section: 'SSLRenegBufferSize',
    },
    restricts: { section: 'SSLRequire' },
    ignored: {
      server:
        'SSLCADNRequestFile SSLCADNRequestPath SSLFIPS SSLOCSPDefaultResponder SSLOCSPNoVerify SSLOCSPOverrideResponder SSLOCSPProxyURL SSLOCSPResponderCertificateFile SSLOCSPResponderTimeout SSLOCSPResponseMaxAge SSLOCSPResponseTimeSkew SSLOCSPUseRequestNonce SSLOpenSSLConfCmd SSLProxyMachineCertificatePath SSLSRPUnknownUserSeed SSLSRPVerifierFile SSLStaplingErrorCacheTimeout SSLStaplingFakeTryLater SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge SSLStaplingResponseTimeSkew SSLStaplingReturnResponderErrors SSLStaplingStandardCacheTimeout SSLUseStapling',
    },
  },
  {
    module: 'unixd',
    without: 'the process keeps its root directory',
    honoured: { global: 'Group User' },
    ignored: { global: 'ChrootDir', server: 'Suexec' },
  },
  {
    module: 'watchdog',
    accepted: { global: 'WatchdogInterval' },
  },
];
