/**
 * exportTo (Istio): `*` is every namespace, `.` the object's own, `~` none; an empty list is every namespace.
 * @param own the namespace of the object.
 */
export function isExportedTo(exportTo: readonly string[] | undefined, own: string, client: string): boolean {
  if (!exportTo || exportTo.length === 0) return true;
  return exportTo.some((entry) => entry === '*' || entry === client || (entry === '.' && own === client));
}

/** Kubernetes Services say the same in an annotation, with commas. */
export const EXPORT_TO_ANNOTATION = 'networking.istio.io/exportTo';

export function exportToOfAnnotation(annotations: Readonly<Record<string, string>>): readonly string[] {
  const text = annotations[EXPORT_TO_ANNOTATION];
  return text ? text.split(',').map((part) => part.trim()) : [];
}
