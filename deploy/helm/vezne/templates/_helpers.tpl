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

{{/* By digest alone: what a tag names can change between two pods of one release. */}}
{{- define "vezne.image" -}}
{{- $digest := required "image.digest is not set: sha256:… of the image that shall run" .Values.image.digest -}}
{{- if not (regexMatch "^sha256:[0-9a-f]{64}$" $digest) }}{{ fail "image.digest is not sha256: and 64 hexadecimal digits" }}{{ end -}}
{{ .Values.image.repository }}@{{ $digest }}
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

{{/* The keyset, and the token that opens it, as volumes and where they are mounted. */}}
{{- define "vezne.keyVolumes" -}}
- name: keyset
  secret:
    secretName: {{ required "keyset.secret is not set" .Values.keyset.secret }}
    defaultMode: 0440
    items: [{key: {{ .Values.keyset.key }}, path: keyset.json}]
{{- if .Values.kms.url }}
- name: kms
  secret:
    secretName: {{ required "kms.secret is not set" .Values.kms.secret }}
    defaultMode: 0440
    items: [{key: {{ .Values.kms.key }}, path: token}]
{{- end }}
{{- end }}

{{- define "vezne.keyMounts" -}}
- {name: keyset, mountPath: /run/vezne/keyset, readOnly: true}
{{- if .Values.kms.url }}
- {name: kms, mountPath: /run/vezne/kms, readOnly: true}
{{- end }}
{{- end }}

{{/* What a node and its tools read; the migration runs before the ConfigMap exists, so it takes the database alone. */}}
{{- define "vezne.database" -}}
- name: VEZNE_DATABASE
  valueFrom:
    secretKeyRef: {name: {{ required "database.secret is not set" .Values.database.secret }}, key: {{ .Values.database.key }}}
{{- end }}
