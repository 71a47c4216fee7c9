// Directives that ask people who they are, and keep what was found out: Basic authentication with files is provided, the
// others are not. Data only; the shape is `directive-table.ts`'s. AuthType and Require are in the table itself.

import type { ModuleDirectives } from './directive-table.ts';

export const AUTHENTICATION_DIRECTIVES: readonly ModuleDirectives[] = [
  {
    module: 'auth_basic',
    honoured: { section: 'AuthBasicAuthoritative AuthBasicFake AuthBasicProvider AuthBasicUseDigestAlgorithm' },
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
    honoured: { section: 'AuthUserFile' },
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
    honoured: { section: 'AuthGroupFile' },
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
    module: 'security2',
    restricts: { anywhere: 'SecAction SecDefaultAction SecRule SecRuleEngine SecRuleScript' },
    ignored: {
      anywhere:
        'SecAuditEngine SecAuditLog SecAuditLogParts SecAuditLogType SecDataDir SecDebugLog SecDebugLogLevel SecTmpDir',
    },
    without: 'requests are not inspected',
  },
];
