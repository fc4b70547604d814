"""Drawings: pure functions from what is known to markup. No session, no clock, no request.

`scene` has the plain data classes of what is drawn, `path` draws them: the way of requests from the
browser to the servers. A drawing is an inline SVG with classes and presentation attributes only; its
colours are those of `static/drawings.css`, which the template that shows it links.

    markup = path.draw(scene, language)
    markup = path.draw(scene, language, way=Way(router="wayshub", servers=("a",)))   # one way, lit up
    markup = path.draw(scene, language, linked=False)                                # nothing leads anywhere
"""
