{{/* DNS, as an egress rule. */}}
{{- define "guardchain.dns" -}}
- to:
    {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: UDP}
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: TCP}
{{- end }}

{{/* The rule that lets one URL be reached: (list . "what it is" "https://..."). */}}
{{- define "guardchain.egress" -}}
{{- $root := index . 0 -}}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^/@]*@)?([^/?#]*).*$" (index . 2) "${1}" -}}
{{- $host := regexReplaceAll ":[0-9]+$" $authority "" | trimAll "[]" -}}
{{- if or (not $host) (contains "$" $host) -}}
{{- fail (printf "networkPolicy: the host of %s cannot be read from its URL; say in networkPolicy.egress where it is" (index . 1)) -}}
{{- end -}}
{{- $scheme := regexFind "^[a-z]+" (index . 2) -}}
{{- $ports := dict "http" 80 "https" 443 "redis" 6379 "rediss" 6379 "udp" 514 "tcp" 601 "tls" 6514 -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default (get $ports $scheme) -}}
ports:
  - {port: {{ $port }}, protocol: {{ ternary "UDP" "TCP" (eq $scheme "udp") }}}
to:
{{- if eq $host (printf "%s-vllm" (include "guardchain.fullname" $root)) }}
  - podSelector:
      matchLabels:
        {{- include "guardchain.selector" (list $root "vllm") | nindent 8 }}
{{- else if contains ":" $host }}
  - ipBlock: {cidr: "{{ $host }}/128"}
{{- else if regexMatch "^[0-9.]+$" $host }}
  - ipBlock: {cidr: {{ $host }}/32}
{{- else if not (contains "." $host) }}
  - podSelector: {}
{{- else if regexMatch "^[^.]+\\.[^.]+\\.svc(\\..+)?$" $host }}
  - namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: {{ index (splitList "." $host) 1 }}}
{{- else }}
  - ipBlock:
      cidr: 0.0.0.0/0
      except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
  - ipBlock:
      cidr: "::/0"
      except: ["::1/128", "fc00::/7", "fe80::/10"]
{{- end }}
{{- end }}
