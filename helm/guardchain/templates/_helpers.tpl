{{/* Name of everything in this release. */}}
{{- define "guardchain.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of one component: (list . "proxy"). */}}
{{- define "guardchain.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of an object of one component: (list . "proxy"). */}}
{{- define "guardchain.labels" -}}
{{- $root := index . 0 -}}
{{ include "guardchain.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Head of an object: (list . "proxy"), or (list . "vllm" "-vllm") for one with a suffix to its name. */}}
{{- define "guardchain.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "guardchain.fullname" $root }}{{ if gt (len .) 2 }}{{ index . 2 }}{{ end }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "guardchain.labels" . | nindent 2 }}
{{- end -}}

{{/* Reference of an image: (list . .Values.image). */}}
{{- define "guardchain.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Name of the Secret with the environment. */}}
{{- define "guardchain.secret" -}}
{{- default (include "guardchain.fullname" .) .Values.existingSecret -}}
{{- end -}}

{{/* What the chart makes at random for its own Secret, where `secrets` has it not. */}}
{{- define "guardchain.randomKeys" -}}
GUARD_SURROGATE_KEY
{{- if .Values.vllm.enabled }} GUARDCHAIN_VLLM_SECRET{{ end }}
{{- if .Values.valkey.enabled }} GUARDCHAIN_VALKEY_PASSWORD{{ end }}
{{- end -}}

{{- define "guardchain.serviceAccount" -}}
{{- $made := ternary (include "guardchain.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{/* guard.yaml, with the chart's own vLLM among the upstreams and its own Valkey as the store. */}}
{{- define "guardchain.config" -}}
{{- if kindIs "string" .Values.config -}}
{{- .Values.config -}}
{{- else -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.vllm.enabled -}}
{{- $url := printf "http://%s-vllm:8000" (include "guardchain.fullname" .) -}}
{{- $server := dict "kind" "vllm" "base_url" $url "secret" "${GUARDCHAIN_VLLM_SECRET}" -}}
{{- $_ := set $config "upstreams" (merge (default dict $config.upstreams) (dict "vllm" $server)) -}}
{{- end -}}
{{- if .Values.valkey.enabled -}}
{{- $valkey := dict "url" (printf "redis://%s-valkey:6379/0" (include "guardchain.fullname" .)) "password" "${GUARDCHAIN_VALKEY_PASSWORD}" -}}
{{- $_ := set $config "store" (merge (default dict $config.store) $valkey) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}

{{/* The most pods there will be. */}}
{{- define "guardchain.replicas" -}}
{{- ternary .Values.autoscaling.maxReplicas .Values.replicaCount .Values.autoscaling.enabled -}}
{{- end -}}

{{/* The volume that all pods would write the file at a path to; empty where each has its own: (list . "/its/path"). */}}
{{- define "guardchain.sharedVolume" -}}
{{- $values := (index . 0).Values -}}
{{- $path := index . 1 | default "" -}}
{{- $mount := dict -}}
{{- range $values.extraVolumeMounts -}}
{{- $at := printf "%s/" (trimSuffix "/" .mountPath) -}}
{{- if and (hasPrefix $at (clean $path)) (gt (len $at) (len (default "" $mount.mountPath))) }}{{ $mount = . }}{{ end -}}
{{- end -}}
{{- range $values.extraVolumes -}}
{{- if and (eq .name (default "" $mount.name)) (not (or $mount.subPathExpr (contains "$" $path) (hasKey . "emptyDir") (hasKey . "ephemeral"))) -}}
{{- .name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Seconds until a stopping pod is killed: preStop, the drain, the longest stream, and what is left to do after it. */}}
{{- define "guardchain.grace" -}}
{{- $server := (include "guardchain.config" . | fromYaml).server | default dict -}}
{{- add .Values.preStopSeconds (ceil (default 0 $server.drain_delay_seconds)) (ceil (default 30 $server.shutdown_seconds)) 10 -}}
{{- end -}}
