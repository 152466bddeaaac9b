{{- define "vezne.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "vezne.selector" -}}
app.kubernetes.io/name: vezne
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vezne.labels" -}}
{{ include "vezne.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "vezne.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The group reads the keyset, which Kubernetes lends as root's. */}}
{{- define "vezne.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "vezne.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What a node and its tools read; the migration runs before the ConfigMap exists, so it takes the database alone. */}}
{{- define "vezne.database" -}}
- name: VEZNE_DATABASE
  valueFrom:
    secretKeyRef: {name: {{ required "database.secret is not set" .Values.database.secret }}, key: {{ .Values.database.key }}}
{{- end }}
