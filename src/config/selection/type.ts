/** Labels by exact key and value, all of which a workload must have. */
export type Labels = Readonly<Record<string, string>>;

/** Which workloads a policy is about (Istio: type.v1beta1.WorkloadSelector). */
export interface WorkloadSelector {
  readonly matchLabels?: Labels;
}

/** Which workloads a networking object is about (Istio: networking.WorkloadSelector). */
export interface LabelSelector {
  readonly labels?: Labels;
}

/** The Service, ServiceEntry or Gateway of the same namespace that a policy is attached to. */
export interface PolicyTargetReference {
  /** Empty: Kubernetes' core group. */
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The three ways in which a policy says whom it is about; at most one is given, none means the whole namespace. */
export interface PolicySelection {
  readonly selector?: WorkloadSelector;
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
}
