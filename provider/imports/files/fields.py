"""The fields of Traefik's dynamic configuration, as its decoder knows them: what a file may have at all. Pure.

From the structs of Traefik 3.7, tried on 3.7.15. An object is written as its fields, each as `name:type`: a type is
a text if none is given, `[]` a list of texts, `[x]` a list of objects, `{}` a map of texts, `{x}` a map of objects,
`{*}` a map of anything. Behind it stand `?` where `{}` is taken, `-` where Traefik ignores a value, and
`@` with the version of Traefik that brought it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

_OBJECTS: Final = {
    "domains": "main sans:[]",
    "tls": "options resolvedOptions-@3.6.18 certResolver domains:[domains]",
    "ingress": "namespace@3.7 ingressName@3.7 serviceName@3.7 servicePort@3.7",
    "metadata": "ingress:ingress-@3.7",
    "observability": "accessLogs:bool@3.3 metrics:bool@3.3 tracing:bool@3.3 traceVerbosity@3.5 metadata:metadata-@3.7",
    "deniedEncodedPathCharacters": (
        "allowEncodedSlash:bool@3.6.6 allowEncodedBackSlash:bool@3.6.6 allowEncodedNullCharacter:bool@3.6.6 "
        "allowEncodedSemicolon:bool@3.6.6 allowEncodedPercent:bool@3.6.6 allowEncodedQuestionMark:bool@3.6.6 "
        "allowEncodedHash:bool@3.6.6"
    ),
    "routers": (
        "entryPoints:[] middlewares:[] service rule parentRefs:[]@3.6 ruleSyntax priority:int tls:tls? "
        "observability:observability@3.3 defaultRule:bool- "
        "deniedEncodedPathCharacters:deniedEncodedPathCharacters-@3.6.6"
    ),
    "cookie": "name secure:bool httpOnly:bool sameSite maxAge:int path@3.3 domain@3.4 expires:int-@3.7",
    "sticky": "cookie:cookie?",
    "servers": "url weight:int preservePath:bool@3.2 fenced:bool-@3.3 scheme- port-",
    "healthCheck": (
        "scheme mode path method status:int port:int interval:duration unhealthyInterval:duration@3.5 "
        "timeout:duration hostname followRedirects:bool headers:{}"
    ),
    "passiveHealthCheck": "failureWindow:duration@3.6 maxFailedAttempts:int@3.6",
    "responseForwarding": "flushInterval:duration",
    "loadBalancer": (
        "sticky:sticky? servers:[servers] strategy@3.4 healthCheck:healthCheck "
        "passiveHealthCheck:passiveHealthCheck@3.6 passHostHeader:bool responseForwarding:responseForwarding "
        "serversTransport nginxUpstreamHashBy-@3.7"
    ),
    "services": "name@3.6 weight:int@3.6",
    "highestRandomWeightHealthCheck": "",
    "highestRandomWeight": "services:[services]@3.6 healthCheck:highestRandomWeightHealthCheck?@3.6",
    "gRPCStatus": "code:int@3.2 msg@3.2",
    "weightedServices": "name weight:int headers:{}-@3.6 status:int-@3.1 gRPCStatus:gRPCStatus-@3.2",
    "weighted": "services:[weightedServices] sticky:sticky healthCheck:highestRandomWeightHealthCheck?",
    "mirrors": "name percent:int",
    "mirroring": (
        "service mirrorBody:bool@3.2 maxBodySize:int mirrors:[mirrors] healthCheck:highestRandomWeightHealthCheck?"
    ),
    "errors": "maxRequestBodyBytes:int@3.7 status:[]@3.7",
    "failover": "service fallback healthCheck:highestRandomWeightHealthCheck? errors:errors@3.7",
    "httpServices": (
        "middlewares:[]@3.7 loadBalancer:loadBalancer highestRandomWeight:highestRandomWeight@3.6 weighted:weighted "
        "mirroring:mirroring failover:failover"
    ),
    "addPrefix": "prefix",
    "stripPrefix": "prefixes:[] forceSlash:bool",
    "stripPrefixRegex": "regex:[]",
    "replacePath": "path",
    "replacePathRegex": "regex replacement",
    "chain": "middlewares:[]",
    "ipStrategy": "depth:int excludedIPs:[] ipv6Subnet:int@3.2",
    "ipWhiteList": "sourceRange:[] ipStrategy:ipStrategy?",
    "ipAllowList": "sourceRange:[] ipStrategy:ipStrategy? rejectStatusCode:int",
    "headers": (
        "customRequestHeaders:{} customResponseHeaders:{} accessControlAllowCredentials:bool "
        "accessControlAllowHeaders:[] accessControlAllowMethods:[] accessControlAllowOriginList:[] "
        "accessControlAllowOriginListRegex:[] accessControlExposeHeaders:[] accessControlMaxAge:int "
        "addVaryHeader:bool allowedHosts:[] hostsProxyHeaders:[] sslProxyHeaders:{} stsSeconds:int "
        "stsIncludeSubdomains:bool stsPreload:bool forceSTSHeader:bool frameDeny:bool customFrameOptionsValue "
        "contentTypeNosniff:bool browserXssFilter:bool customBrowserXSSValue contentSecurityPolicy "
        "contentSecurityPolicyReportOnly@3.1 publicKey referrerPolicy permissionsPolicy isDevelopment:bool "
        "featurePolicy sslRedirect:bool sslTemporaryRedirect:bool sslHost sslForceHost:bool"
    ),
    "encodedCharacters": (
        "allowEncodedSlash:bool@3.7 allowEncodedBackSlash:bool@3.7 allowEncodedNullCharacter:bool@3.7 "
        "allowEncodedSemicolon:bool@3.7 allowEncodedPercent:bool@3.7 allowEncodedQuestionMark:bool@3.7 "
        "allowEncodedHash:bool@3.7"
    ),
    "middlewaresErrors": (
        "status:[] statusRewrites:{int}@3.4 service query errorRequestHeaders:[]@3.6.15 nginxHeaders:{*}-@3.7"
    ),
    "sourceCriterion": "ipStrategy:ipStrategy requestHeaderName requestHost:bool",
    "redisTls": "ca@3.4 cert@3.4 key@3.4 insecureSkipVerify:bool@3.4",
    "redis": (
        "endpoints:[]@3.4 tls:redisTls@3.4 username@3.4 password@3.4 db:int@3.4 poolSize:int@3.4 minIdleConns:int@3.4 "
        "maxActiveConns:int@3.4 readTimeout:duration@3.4 writeTimeout:duration@3.4 dialTimeout:duration@3.4"
    ),
    "rateLimit": "average:int period:duration burst:int sourceCriterion:sourceCriterion redis:redis@3.4",
    "redirectRegex": "regex replacement permanent:bool statusCode:int-@3.7",
    "redirectScheme": "scheme port permanent:bool forcePermanentRedirect:bool-@3.6.3",
    "basicAuth": "users:[] usersFile realm removeHeader:bool headerField",
    "digestAuth": "users:[] usersFile removeHeader:bool realm headerField",
    "forwardAuthTls": "ca cert key insecureSkipVerify:bool caOptional:bool",
    "forwardAuth": (
        "address tls:forwardAuthTls trustForwardHeader:bool authResponseHeaders:[] authResponseHeadersRegex "
        "authRequestHeaders:[] maxResponseBodySize:int@3.6.9 addAuthCookiesToResponse:[] headerField@3.2 "
        "forwardBody:bool@3.3 maxBodySize:int@3.3 preserveLocationHeader:bool@3.3 preserveRequestMethod:bool@3.4 "
        "authSigninURL@3.7"
    ),
    "inFlightReq": "amount:int sourceCriterion:sourceCriterion",
    "buffering": (
        "maxRequestBodyBytes:int memRequestBodyBytes:int maxResponseBodyBytes:int memResponseBodyBytes:int "
        "retryExpression disableRequestBuffer:bool-@3.7 disableResponseBuffer:bool-@3.7"
    ),
    "circuitBreaker": (
        "expression checkPeriod:duration fallbackDuration:duration recoveryDuration:duration responseCode:int"
    ),
    "compress": (
        "excludedContentTypes:[] includedContentTypes:[] minResponseBodyBytes:int encodings:[]@3.2 "
        "defaultEncoding@3.0.2"
    ),
    "subject": (
        "country:bool province:bool locality:bool organization:bool organizationalUnit:bool commonName:bool "
        "serialNumber:bool domainComponent:bool"
    ),
    "issuer": (
        "country:bool province:bool locality:bool organization:bool commonName:bool serialNumber:bool "
        "domainComponent:bool"
    ),
    "info": "notAfter:bool notBefore:bool sans:bool serialNumber:bool subject:subject issuer:issuer",
    "passTLSClientCert": "pem:bool info:info",
    "retry": (
        "attempts:int timeout:duration@3.7 initialInterval:duration maxRequestBodyBytes:int@3.7 status:[]@3.7 "
        "disableRetryOnNetworkError:bool@3.7 retryNonIdempotentMethod:bool@3.7"
    ),
    "contentType": "autoDetect:bool",
    "grpcWeb": "allowOrigins:[]",
    "requestHeaderModifier": "set:{} add:{} remove:[]",
    "responseHeaderModifier": "set:{}@3.2 add:{}@3.2 remove:[]@3.2",
    "requestRedirect": "scheme@3.1 hostname@3.1 port@3.1 path@3.1 pathPrefix@3.1 statusCode:int@3.1",
    "URLRewrite": "hostname@3.1 path@3.1 pathPrefix@3.1",
    "authTLSPassCertificateToUpstream": "clientAuthType@3.7 caFiles:[]@3.7",
    "auth": "address@3.7 method@3.7 snippet@3.7 authResponseHeaders:[]@3.7 authSigninURL@3.7",
    "snippet": "serverSnippet@3.7 configurationSnippet@3.7 auth:auth@3.7",
    "rewriteTarget": "regex@3.7 replacement@3.7 xForwardedPrefix@3.7",
    "upstreamVHost": "vHost@3.7 vars:{}@3.7",
    "appRoot": "path@3.7.7",
    "middlewares": (
        "addPrefix:addPrefix stripPrefix:stripPrefix stripPrefixRegex:stripPrefixRegex replacePath:replacePath "
        "replacePathRegex:replacePathRegex chain:chain ipWhiteList:ipWhiteList ipAllowList:ipAllowList "
        "headers:headers encodedCharacters:encodedCharacters@3.7 errors:middlewaresErrors rateLimit:rateLimit "
        "redirectRegex:redirectRegex redirectScheme:redirectScheme basicAuth:basicAuth digestAuth:digestAuth "
        "forwardAuth:forwardAuth inFlightReq:inFlightReq buffering:buffering circuitBreaker:circuitBreaker "
        "compress:compress? passTLSClientCert:passTLSClientCert retry:retry contentType:contentType? grpcWeb:grpcWeb "
        "plugin:{*} requestHeaderModifier:requestHeaderModifier- responseHeaderModifier:responseHeaderModifier-@3.2 "
        "requestRedirect:requestRedirect-@3.1 URLRewrite:URLRewrite-@3.1 "
        "authTLSPassCertificateToUpstream:authTLSPassCertificateToUpstream-@3.7 snippet:snippet-@3.7 "
        "rewriteTarget:rewriteTarget-@3.7 upstreamVHost:upstreamVHost-@3.7 appRoot:appRoot-@3.7.7"
    ),
    "models": (
        "middlewares:[] tls:tls? observability:observability@3.3 "
        "deniedEncodedPathCharacters:deniedEncodedPathCharacters-@3.6.6 defaultRuleSyntax-"
    ),
    "certificates": "certFile keyFile",
    "forwardingTimeouts": (
        "dialTimeout:duration responseHeaderTimeout:duration idleConnTimeout:duration readIdleTimeout:duration "
        "pingTimeout:duration readTimeout:duration@3.7 writeTimeout:duration@3.7"
    ),
    "spiffe": "ids:[] trustDomain",
    "serversTransports": (
        "serverName insecureSkipVerify:bool rootCAs:[] certificates:[certificates] cipherSuites:[]@3.7 minVersion@3.7 "
        "maxVersion@3.7 maxIdleConnsPerHost:int forwardingTimeouts:forwardingTimeouts disableHTTP2:bool peerCertURI "
        "spiffe:spiffe?"
    ),
    "http": (
        "routers:{routers} services:{httpServices} middlewares:{middlewares} models:{models} "
        "serversTransports:{serversTransports}"
    ),
    "routersTls": "passthrough:bool options certResolver domains:[domains]",
    "tcpRouters": "entryPoints:[] middlewares:[] service rule ruleSyntax priority:int tls:routersTls?",
    "loadBalancerServers": "address port tls:bool",
    "proxyProtocol": "version:int",
    "loadBalancerHealthCheck": (
        "port:int@3.6 send@3.6 expect@3.6 interval:duration@3.6 unhealthyInterval:duration@3.6 timeout:duration@3.6"
    ),
    "servicesLoadBalancer": (
        "servers:[loadBalancerServers] serversTransport proxyProtocol:proxyProtocol? terminationDelay:int "
        "healthCheck:loadBalancerHealthCheck?@3.6"
    ),
    "tcpWeightedServices": "name weight:int",
    "servicesWeighted": "services:[tcpWeightedServices] healthCheck:highestRandomWeightHealthCheck?@3.6",
    "tcpServices": "loadBalancer:servicesLoadBalancer weighted:servicesWeighted",
    "inFlightConn": "amount:int",
    "middlewaresIpWhiteList": "sourceRange:[]",
    "tcpMiddlewares": "inFlightConn:inFlightConn ipWhiteList:middlewaresIpWhiteList ipAllowList:middlewaresIpWhiteList",
    "tcpModels": "defaultRuleSyntax-",
    "serversTransportsProxyProtocol": "version:int@3.5.2",
    "serversTransportsTls": (
        "serverName insecureSkipVerify:bool rootCAs:[] certificates:[certificates] peerCertURI spiffe:spiffe?"
    ),
    "tcpServersTransports": (
        "dialKeepAlive:duration dialTimeout:duration proxyProtocol:serversTransportsProxyProtocol?@3.5.2 "
        "terminationDelay:duration tls:serversTransportsTls?"
    ),
    "tcp": (
        "routers:{tcpRouters} services:{tcpServices} middlewares:{tcpMiddlewares} models:{tcpModels}- "
        "serversTransports:{tcpServersTransports}"
    ),
    "udpRouters": "entryPoints:[] service",
    "udpLoadBalancerServers": "address port-",
    "udpServicesLoadBalancer": "servers:[udpLoadBalancerServers]",
    "udpServicesWeighted": "services:[tcpWeightedServices]",
    "udpServices": "loadBalancer:udpServicesLoadBalancer weighted:udpServicesWeighted",
    "udp": "routers:{udpRouters} services:{udpServices}",
    "tlsCertificates": "certFile keyFile stores:[]",
    "clientAuth": "caFiles:[] clientAuthType",
    "options": (
        "minVersion maxVersion cipherSuites:[] curvePreferences:[] clientAuth:clientAuth sniStrict:bool "
        "alpnProtocols:[] disableSessionTickets:bool@3.4 preferServerCipherSuites:bool"
    ),
    "defaultGeneratedCert": "resolver domain:domains",
    "stores": "defaultCertificate:certificates defaultGeneratedCert:defaultGeneratedCert",
    "tlsTls": "certificates:[tlsCertificates] options:{options} stores:{stores}",
    "": "http:http tcp:tcp udp:udp tls:tlsTls",
}
_FIELD: Final = re.compile(r"(\w+)(?::([^?@-]+))?(\?)?(-)?(?:@([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Known:
    """A field that Traefik knows.

    `type` is `text`, `bool`, `int`, `duration`, `object`, `list` or `map`; of the latter two, `of` is the type of an
    item. `members` names the object that stands there, or that each item is.
    """

    name: str
    type: str
    of: str = ""
    members: str = ""
    allows_empty: bool = False
    is_ignored: bool = False
    since: str = "3.0"


@cache
def fields(members: str) -> Mapping[str, Known]:
    """Return the fields of an object by their names in lower case: Traefik finds them in any case."""
    return {known.name.lower(): known for known in map(_known, _OBJECTS[members].split())}


def _known(text: str) -> Known:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise ValueError(text)
    name, type_, empty, ignored, since = found.groups()
    type_ = type_ or "text"
    kind, of, members = type_, "", ""
    if type_[0] in "[{":
        kind = "list" if type_[0] == "[" else "map"
        members = type_[1:-1]
        of = members if members in {"int", "*"} else "object" if members else "text"
    elif type_ in _OBJECTS:
        kind, members = "object", type_
    return Known(name, kind, of, members if of in {"", "object"} else "", bool(empty), bool(ignored), since or "3.0")
