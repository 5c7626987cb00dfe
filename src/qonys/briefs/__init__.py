"""Renders documents: HTML, PDF, Markdown, charts, and a package of data with provenance.

For the command line and the app. Main functions: `render_html`, `render_pdf`,
`render_markdown`, `write_package`. Does no arithmetic: what it prints is in the document.
"""
