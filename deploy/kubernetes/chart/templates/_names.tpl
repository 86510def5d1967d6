{{/* The name of everything: that of the release, with the chart's where the release's does not have it. */}}
{{- define "mcp-prober.name" -}}
{{- if contains "mcp-prober" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-mcp-prober" (.Release.Name | trunc 29 | trimSuffix "-") }}{{ end -}}
{{- end -}}

{{- define "mcp-prober.selector" -}}
app.kubernetes.io/name: mcp-prober
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mcp-prober.labels" -}}
{{ include "mcp-prober.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The milliseconds of a duration such as 1m30s. */}}
{{- define "mcp-prober.milliseconds" -}}
{{- $factors := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 -}}
{{- $total := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|s|m|h|d)" . -1 -}}
{{- $total = addf $total (mulf (regexFind "[0-9.]+" .) (get $factors (regexFind "[a-z]+" .))) -}}
{{- end -}}
{{- $total | int64 -}}
{{- end -}}
