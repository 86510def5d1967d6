{{/* The configuration, read. Numbers may lose digits here: pods get the text. */}}
{{- define "mcp-prober.config" -}}
{{- $config := fromYaml .Values.config -}}
{{- with $config.Error }}{{ fail (printf "config: %s" .) }}{{ end -}}
{{- $config | toJson -}}
{{- end -}}

{{/* The names of the probes that a scrape may run: of a target that is named, not disabled, by no cron, only reading. */}}
{{- define "mcp-prober.scraped" -}}
{{- $names := list -}}
{{- $config := include "mcp-prober.config" . | fromJson -}}
{{- $targets := $config.targets | default dict -}}
{{- range $name, $probe := $config.probes -}}
{{- if has $name (list "true" "false") }}{{ fail "config: Helm reads the name `on` or `off` of a probe as true or false: choose another" }}{{ end -}}
{{- $target := get $targets (default "" $probe.target) | default dict -}}
{{- $enabled := and (ne (toString $probe.enabled) "false") (ne (toString $target.enabled) "false") -}}
{{- if and $probe.target $enabled (not $probe.cron) (not $probe.allow_writes) -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}
