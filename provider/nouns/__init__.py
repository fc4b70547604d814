"""The nouns: the kinds of objects that people keep here, each declared once. Pure, and quick to import."""

from provider.nouns.balancing import Cookie, HealthCheck, Sticky
from provider.nouns.domain import Domain
from provider.nouns.fields import Field, field
from provider.nouns.middleware import Middleware
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.registry import NOUNS, Named, called, comparable, is_used, masked, owners, titled, within
from provider.nouns.router import Router
from provider.nouns.server import Server
from provider.nouns.service import Service
