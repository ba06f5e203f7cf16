{{- define "inframirror.name" -}}
{{- if contains "inframirror" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-inframirror" (.Release.Name | trunc 28 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "inframirror.selector" -}}
app.kubernetes.io/name: inframirror
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "inframirror.labels" -}}
{{ include "inframirror.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
