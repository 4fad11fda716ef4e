"""Which library does what another one does: data for `libraries`. Nothing here is imported."""

from __future__ import annotations

INSTEAD: dict[str, tuple[str, ...]] = {
    name: tuple(instead.strip() for instead in others.split(","))
    for names, _, others in (
        line.partition(":")
        for line in """
        sklearn: numpy (numpy.linalg.lstsq; numpy.polyfit), statistics (linear_regression; correlation)
        statsmodels: numpy (numpy.linalg.lstsq), statistics (linear_regression)
        scipy: numpy, statistics
        torch tensorflow keras jax cupy numba: numpy
        sympy: fractions, decimal
        networkx: graphlib (TopologicalSorter), heapq
        polars dask pyarrow modin vaex: pandas, csv
        duckdb: sqlite3, pandas
        tabulate: pandas (DataFrame.to_string)
        openpyxl xlrd xlsxwriter: pandas (read_csv; to_csv), csv
        seaborn plotly bokeh altair plotnine pygal: matplotlib
        cv2 skimage imageio: PIL, numpy
        bs4 html5lib: html.parser
        lxml: xml.etree.ElementTree, html.parser
        yaml ruamel: json
        toml tomli: tomllib
        ujson rapidjson simplejson: orjson, json
        msgspec attr attrs marshmallow cattrs: pydantic, dataclasses
        arrow pendulum pytz tzlocal: zoneinfo, datetime
        regex: re
        click typer docopt: argparse
        rich termcolor colorama: print
        loguru structlog: logging
        more_itertools toolz: itertools, functools
        rapidfuzz fuzzywuzzy Levenshtein: difflib
        nltk spacy: re, collections (Counter)
        Crypto cryptography: hashlib, hmac, secrets
        joblib: concurrent.futures
        hypothesis nose: pytest
        imp: importlib
        distutils: shutil
        """.strip().splitlines()
    )
    for name in names.split()
}
"""Import name → what does the same here, best first; in brackets the part that does."""

OUTSIDE = frozenset((
    "requests", "httpx", "aiohttp", "urllib3", "httplib2", "websocket", "websockets", "pycurl", "grpc", "boto3",
    "botocore", "google", "azure", "openai", "anthropic", "paramiko", "fabric", "kubernetes", "docker", "psycopg",
    "psycopg2", "pymysql", "MySQLdb", "mysql", "oracledb", "cx_Oracle", "pymongo", "redis", "sqlalchemy", "git",
    "elasticsearch", "kafka", "pika", "celery", "github", "jenkins", "selenium", "playwright", "psutil", "slack_sdk",
    "prometheus_client", "py4j",
))  # fmt: skip
"""Libraries that reach out; in a sandbox that is what toolkits are for."""

CALLED = {
    "sklearn": "scikit-learn", "cv2": "opencv-python-headless", "PIL": "pillow", "yaml": "pyyaml", "attr": "attrs",
    "bs4": "beautifulsoup4", "skimage": "scikit-image", "dateutil": "python-dateutil", "Crypto": "pycryptodome",
    "ruamel": "ruamel.yaml",
}  # fmt: skip
"""Import name → name in an index, where the two differ."""
