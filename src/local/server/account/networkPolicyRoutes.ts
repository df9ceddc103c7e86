import * as z from 'zod';
import type { NetworkPolicies, PolicyChanges, PolicyRecord } from '../../account/networkPolicies';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import { isCanonicalCidr } from '../../network/egress';
import { ApiError } from '../../http/apiError';
import { nameField, optional, parseBody } from '../../http/bodies';
import { listFields, pageBody } from '../../http/paging';
import { repeatKey } from '../../http/repeatKey';
import type { Router } from '../../http/router';

const port = z.int().min(1).max(65_535);

const hostnameField = z
  .string()
  .max(253)
  .regex(
    /^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/,
    'A host name has labels of letters, digits and -; a * may only be the first label',
  );

const portField = z
  .object({ port, end_port: optional(port), protocol: optional(z.enum(['TCP', 'UDP'])) })
  .refine(
    (rule) => (rule.end_port ?? rule.port) >= rule.port,
    'The end of a range of ports must not be below its start',
  );

const policyFields = z.object({
  description: optional(z.string().max(1_000)),
  allow_all: optional(z.boolean()),
  allowed_hostnames: optional(z.array(hostnameField)),
  allowed_cidrs: optional(
    z.array(
      z.object({
        cidr: z
          .string()
          .refine(
            isCanonicalCidr,
            'A block is an IPv4 address with zero host bits and a prefix, for example 10.12.0.0/16',
          ),
        ports: optional(z.array(portField)),
      }),
    ),
  ),
  allow_devbox_to_devbox: optional(z.boolean()),
  allow_agent_gateway: optional(z.boolean()),
  allow_mcp_gateway: optional(z.boolean()),
  allow_runloop_mirrors: optional(z.boolean()),
});

const policyName = nameField.min(1, 'A network policy needs a name');
const createFields = policyFields.extend({ name: policyName });
const updateFields = policyFields.extend({ name: optional(policyName) });

/** Adds the account's network policies. */
export function addNetworkPolicyRoutes(router: Router, policies: NetworkPolicies, devboxes: DevboxRegistry): void {
  const usersOf = (id: string): readonly string[] =>
    devboxes.living().flatMap((devbox) => (devbox.spec.network?.policyId === id ? [devbox.id] : []));

  router.add('POST', '/v1/network-policies', async ({ exchange }) => {
    const body = await exchange.readObject();
    const { name, ...rest } = parseBody(createFields, body);
    exchange.sendJson(200, policyView(policies.create({ ...changesOf(rest), name }, repeatKey(exchange, body))));
  });

  router.add('GET', '/v1/network-policies', ({ exchange }) => {
    const { name, ...fields } = listFields(exchange.query);
    const id = exchange.query.get('id');
    const where = id === null || id === '' ? undefined : (policy: PolicyRecord): boolean => policy.id === id;
    exchange.sendJson(
      200,
      pageBody('network_policies', policies.page({ ...fields, namePart: name, where }), exchange.query, policyView),
    );
  });

  router.add('GET', '/v1/network-policies/{id}', ({ exchange, params }) => {
    exchange.sendJson(200, policyView(policies.get(params.id)));
  });

  router.add('POST', '/v1/network-policies/{id}', async ({ exchange, params }) => {
    const id = params.id;
    const { name, ...rest } = parseBody(updateFields, await exchange.readObject());
    const withoutIsolation = devboxes
      .living()
      .flatMap((devbox) =>
        devbox.spec.network?.policyId === id && !devbox.spec.network.isolatedNetwork ? [devbox.id] : [],
      );
    if (rest.allow_all === false && withoutIsolation.length > 0) {
      throw new ApiError(
        409,
        'conflict',
        `Devboxes that were made when network policy ${id} allowed everything cannot be restricted any more: ${withoutIsolation.join(', ')}. Shut them down first.`,
        false,
      );
    }
    exchange.sendJson(200, policyView(policies.update(id, { ...changesOf(rest), name })));
  });

  router.add('POST', '/v1/network-policies/{id}/delete', ({ exchange, params }) => {
    const id = params.id;
    const users = usersOf(policies.get(id).id);
    if (users.length > 0) {
      throw new ApiError(
        409,
        'conflict',
        `Devboxes use network policy ${id}: ${users.join(', ')}. Shut them down first.`,
        false,
      );
    }
    exchange.sendJson(200, policyView(policies.delete(id)));
  });
}

function changesOf({ description, ...egress }: z.infer<typeof policyFields>): PolicyChanges {
  return { description, egress };
}

function policyView(policy: PolicyRecord): Record<string, unknown> {
  return {
    id: policy.id,
    name: policy.name,
    description: policy.description ?? null,
    create_time_ms: policy.createdAt,
    update_time_ms: policy.updatedAt,
    egress: policy.egress,
  };
}
