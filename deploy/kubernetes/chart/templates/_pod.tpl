{{/* The template of a pod, the same for both shapes but for its options, its state and how it ends. */}}
{{- define "mcp-prober.pod" -}}
{{- $stateless := eq .Values.shape "stateless" -}}
metadata:
  labels: {{- include "mcp-prober.selector" . | nindent 4 }}
  annotations:      # another configuration is another rollout
    checksum/config: {{ list .Values.config .Values.files | toJson | sha256sum }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  securityContext:
    runAsNonRoot: true
    runAsUser: 10733
    runAsGroup: 10733
    fsGroup: 10733
    seccompProfile: {type: RuntimeDefault}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: mcp-prober
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - daemon
        - /etc/mcp-prober
        - --listen
        - 0.0.0.0:9733
        - --log-format
        - json
        {{- if $stateless }}
        - --no-schedule
        {{- else }}
        - --shard
        - $(ORDINAL)/{{ .Values.replicas }}
        {{- end }}
        {{- with .Values.location }}
        - --location
        - {{ . | quote }}
        {{- end }}
        {{- range .Values.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      {{- if not $stateless }}
      env:
        - name: ORDINAL
          valueFrom:
            fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}
      {{- end }}
      {{- with .Values.secretName }}
      envFrom:
        - secretRef: {name: {{ . | quote }}}
      {{- end }}
      ports:
        - {name: http, containerPort: 9733}
      readinessProbe:
        httpGet: {path: /-/ready, port: http}
        periodSeconds: 5
      livenessProbe:
        httpGet: {path: /-/healthy, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      startupProbe:
        httpGet: {path: /-/healthy, port: http}
        periodSeconds: 2
        failureThreshold: 30
      {{- if $stateless }}
      lifecycle:    # until no scrape is sent here any more
        preStop: {sleep: {seconds: 5}}
      {{- end }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: config, mountPath: /etc/mcp-prober, readOnly: true}
        - {name: state, mountPath: /var/lib/mcp-prober}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: config
      configMap: {name: {{ include "mcp-prober.name" . }}}
    {{- if $stateless }}
    - name: state
      emptyDir: {}
    {{- end }}
    - name: tmp
      emptyDir: {}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "mcp-prober.selector" . | nindent 10 }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
