import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  Res,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { z } from 'zod';
import type { Reply } from '../http/http.js';
import { Admission } from './admission.js';
import { type Admitted, CALL, type Call, ROUTE, type RouteSpec } from './call.js';
import { Repeats } from './repeats.js';

const Called = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Admitted>()[CALL],
);

type Handler<C> = (call: C, reply: Reply) => unknown;

/** Makes a controller's method the handler of a route; it is given the Call and, if it takes it, the reply. */
export function Route<B extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodType<Record<string, never>>>(
  spec: RouteSpec<B, Q>,
) {
  const decorate = applyDecorators(
    RequestMapping({ path: spec.path.replace(/\{(\w+)\}/g, ':$1'), method: RequestMethod[spec.method] }),
    HttpCode(spec.answer.status),
    SetMetadata(ROUTE, spec),
    UseGuards(Admission),
    UseInterceptors(Repeats),
  );
  return <F extends Handler<Call<z.output<B>, z.output<Q>>>>(
    target: object,
    name: string,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    decorate(target, name, descriptor);
    Called()(target, name, 0);
    if ((descriptor.value as F).length > 1) Res({ passthrough: true })(target, name, 1);
  };
}

/** The table of every route that these controllers serve. */
export const routesOf = (controllers: readonly (new (...args: never[]) => object)[]): RouteSpec[] =>
  controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const spec = Reflect.getMetadata(ROUTE, controller.prototype[name as never]) as RouteSpec | undefined;
      return spec ? [spec] : [];
    }),
  );
