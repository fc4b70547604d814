"""The words of the console, each in a sentence or two: Traefik's own, and those that one needs before."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template


@dataclass(frozen=True, slots=True)
class Term:
    """A word and its meaning. `name` is where it stands on the glossary's page, for links to it."""

    name: str
    word: str
    meaning: str


# In an order in which each is explained with those before it.
TERMS: Final = (
    Term(
        "web-server",
        template("web server"),
        template("A program that waits for requests and answers each with a response. In this console: server."),
    ),
    Term(
        "request",
        template("request"),
        template("What a browser sends: a method, a path, the host name, and usually more headers."),
    ),
    Term(
        "response",
        template("response"),
        template("What a web server sends back: a status, headers, and the content, such as a page."),
    ),
    Term(
        "method",
        template("method"),
        template("The first word of a request. GET asks for something, POST submits something."),
    ),
    Term(
        "header",
        template("header"),
        template(
            "A line of a request or a response with a name and a value, such as Host: alvin.xyz. "
            "It says something about what is sent."
        ),
    ),
    Term(
        "status",
        template("status"),
        template(
            "A number that says how it went. 200: here it is. 404: not found. 502: the server behind the proxy did "
            "not answer. 503: no server is left."
        ),
    ),
    Term(
        "host",
        template("host name"),
        template("The part of an address that names a machine or an application: alvin.xyz in http://alvin.xyz/about."),
    ),
    Term(
        "domain",
        template("domain"),
        template("A host name of yours. The application you expose under it answers its requests."),
    ),
    Term(
        "dns",
        template("DNS"),
        template("The phone book of the internet. It has the IP address for each host name."),
    ),
    Term(
        "ip-address",
        template("IP address"),
        template("The number of a machine in a network, such as 10.0.0.11."),
    ),
    Term(
        "port",
        template("port"),
        template("A number that tells programs on one machine apart. 10.0.0.11:3000 is port 3000 of 10.0.0.11."),
    ),
    Term(
        "reverse-proxy",
        template("reverse proxy"),
        template(
            "A program in front of servers. It takes the requests for all of them, passes each one on, and brings the "
            "response back."
        ),
    ),
    Term(
        "traefik",
        template("Traefik"),
        template("The reverse proxy and load balancer that this console configures."),
    ),
    Term(
        "edge",
        template("edge"),
        template("A running Traefik that gets its configuration from here. There can be several."),
    ),
    Term(
        "entry-point",
        template("entry point"),
        template("A port on which Traefik takes requests. Each has a name, such as web."),
    ),
    Term(
        "router",
        template("router"),
        template("Has a rule for which requests it takes, and sends them to a service."),
    ),
    Term(
        "rule",
        template("rule"),
        template(
            "The condition for a router to take a request. Host(`alvin.xyz`) matches requests for alvin.xyz, "
            "PathPrefix(`/api`) those whose path starts with /api."
        ),
    ),
    Term(
        "priority",
        template("priority"),
        template(
            "Decides which router gets a request that several rules match: the highest number wins. Unless you set "
            "one, it is the length of the rule."
        ),
    ),
    Term(
        "middleware",
        template("middleware"),
        template("Changes requests or responses between a router and its service, for example by adding a header."),
    ),
    Term(
        "service",
        template("service"),
        template("A pool of servers that all give the same answers. It chooses the server for each request."),
    ),
    Term(
        "server",
        template("server"),
        template("One place where requests are answered: a URL such as http://10.0.0.11:3000."),
    ),
    Term(
        "load-balancing",
        template("load balancing"),
        template("Sharing requests among several servers, so that none is overloaded and one can fail."),
    ),
    Term(
        "weight",
        template("weight"),
        template("How much a server gets compared with the others in its service: 3 gets three times as much as 1."),
    ),
    Term(
        "share",
        template("share"),
        template(
            "The part of a service's new requests that a server gets: its weight divided by all weights together."
        ),
    ),
    Term(
        "weighted-round-robin",
        template("weighted round-robin"),
        template("The servers take turns, those with a greater weight more often. Traefik calls it wrr."),
    ),
    Term(
        "sticky-session",
        template("sticky session"),
        template("A browser gets a cookie with its first response, and stays on the same server from then on."),
    ),
    Term(
        "health-check",
        template("health check"),
        template("Traefik checks each server regularly. An unhealthy one gets no requests until it recovers."),
    ),
    Term(
        "drain",
        template("drain"),
        template("Letting a server finish the requests it has, without giving it new ones."),
    ),
    Term(
        "maintenance",
        template("maintenance (maint)"),
        template("Somebody is working on the server. It gets no requests until it is activated again."),
    ),
    Term(
        "configuration",
        template("configuration"),
        template("All routers, services and servers as one document, which each edge fetches from here."),
    ),
    Term(
        "revision",
        template("revision"),
        template("One change of the configuration. Each has a number, so that an edge can say which one it runs."),
    ),
    Term(
        "https",
        template("HTTPS"),
        template("HTTP in an encrypted pipe (TLS), once the server has proved who it is."),
    ),
    Term(
        "certificate",
        template("certificate"),
        template("Says which names a key belongs to, and until when. A CA signs it, and browsers check it."),
    ),
    Term(
        "ca",
        template("CA"),
        template("Signs certificates. Browsers trust some CAs from the start, and you can tell them to trust others."),
    ),
)
