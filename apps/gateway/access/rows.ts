import { Column, Entity, PrimaryColumn } from 'typeorm';

export const plans = ['hobby', 'commercial'] as const;
export type Plan = (typeof plans)[number];

/** What a token may be allowed: publish events, read everything, change everything. */
export const tokenScopes = ['publish', 'read', 'manage'] as const;
export type TokenScope = (typeof tokenScopes)[number];

@Entity('account')
export class AccountRow {
  @PrimaryColumn('text') id!: string;
  @Column('text') name!: string;
  @Column('text') plan!: Plan;
  /** Whether rules knows of the plan: false from a change of it until the channels follow it. */
  @Column('boolean') plan_told!: boolean;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
}

/** A token of an account; of the token itself only the sha256 is kept. */
@Entity('token')
export class TokenRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') account!: string;
  @Column('text') name!: string;
  @Column('text', { array: true }) scopes!: TokenScope[];
  @Column('bytea') hash!: Buffer;
  @Column('timestamptz', { default: () => 'now()' }) created_at!: Date;
  @Column('timestamptz', { nullable: true }) expires_at!: Date | null;
}
