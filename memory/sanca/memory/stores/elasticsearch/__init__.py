"""The Elasticsearch store and its settings. Importing it loads no client."""

from sanca.memory.stores.elasticsearch.settings import ElasticsearchSettings, elasticsearch_settings
from sanca.memory.stores.elasticsearch.store import ElasticsearchStore

__all__ = ["ElasticsearchSettings", "ElasticsearchStore", "elasticsearch_settings"]
