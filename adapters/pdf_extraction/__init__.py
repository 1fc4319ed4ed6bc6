"""Reads plain PDFs by their text layer: pypdf for the words and their places, invoice2data for templates."""

from adapters.pdf_extraction.extraction import PdfExtraction

__all__ = ["PdfExtraction"]
