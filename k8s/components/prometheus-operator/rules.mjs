// Writes prometheus-rule.yaml: the rules of k8s/monitoring as an object, which kustomize cannot make of a file.
//   node k8s/components/prometheus-operator/rules.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const rules = readFileSync(new URL('../../monitoring/prometheus-rules.yml', import.meta.url), 'utf8');
const head = `# Made from k8s/monitoring/prometheus-rules.yml: node k8s/components/prometheus-operator/rules.mjs
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: farmbell
spec:
`;
const inner = rules.replace(/^(?=.)/gm, '  ');
writeFileSync(new URL('prometheus-rule.yaml', import.meta.url), head + inner);
