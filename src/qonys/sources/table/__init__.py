"""Any CSV or Parquet by a mapping."""
