"""What watches a city, made from code: the page of all metrics and Grafana's dashboards."""
