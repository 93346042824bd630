"""The one language: ARM expressions and Azure Policy conditions, parsed once and compiled to closures."""
