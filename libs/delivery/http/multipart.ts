/** A form as multipart/form-data: the body, and the header that it needs. */
export async function multipart(form: FormData): Promise<{ body: Uint8Array; headers: { 'content-type': string } }> {
  const encoded = new Response(form);
  const body = new Uint8Array(await encoded.arrayBuffer());
  return { body, headers: { 'content-type': encoded.headers.get('content-type')! } };
}
