"""Basics that every other package may use: errors, progress, storage, registries. Imports no other package."""
