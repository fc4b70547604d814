"""Go's `text/template`, as Traefik's file provider runs it over each file before it reads it. Pure.

`render` runs what is safe to run and does the same everywhere: conditions, loops, variables, and the plain functions
of Go and of sprig, which Traefik offers. What depends on a machine, a clock or chance raises `Unknown`; what Traefik
itself refuses raises `Refused`. Facts from Go's documentation, sprig's and Traefik 3.7.15.
"""

from provider.imports.templates.parsing import Refused, TemplateError, Unknown
from provider.imports.templates.running import RenderedTemplate, render
