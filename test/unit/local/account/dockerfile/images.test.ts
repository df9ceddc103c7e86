import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { factOf } from '../../../../../src/local/account/dockerfile/images';

describe('images that this computer stands in for', () => {
  it('are those of the Debian and Ubuntu family', () => {
    for (const image of [
      'ubuntu',
      'ubuntu:24.04',
      'debian:bookworm-slim',
      'debian@sha256:0000',
      'docker.io/library/python:3.12-slim@sha256:0000',
      'public.ecr.aws/docker/library/node:22-bookworm',
      'mirror.example:5000/library/golang:1.22',
      'library/rust:1',
      'python:3',
      'node:20-slim',
      'buildpack-deps:jammy-scm',
      'eclipse-temurin:21',
      'wordpress',
      'mcr.microsoft.com/devcontainers/python:1-3.12',
      'mcr.microsoft.com/vscode/devcontainers/base:ubuntu-22.04',
      'mcr.microsoft.com/playwright/python:v1.44.0-jammy',
      'nvidia/cuda:12.4.1-devel-ubuntu22.04',
      'ghcr.io/astral-sh/uv:python3.12-bookworm-slim',
      'ghcr.io/someone/agent@sha256:0000',
      'runloop:runloop/starter-arm64',
      'runloop/anything',
      'public.ecr.aws/f7m5a7m8/devbox:prod',
      'ghcr.io/all-hands-ai/runtime:0.62-nikolaik',
      'localhost:5000/library/debian',
      'nikolaik/python-nodejs:python3.12-nodejs22-slim',
    ]) {
      assert.equal(factOf(image).kind, 'known', image);
    }
  });

  it('are no others, and that is said', () => {
    for (const image of [
      'alpine',
      'alpine:3.20',
      'python:3.12-alpine3.19',
      'node:22-alpine',
      'golang:alpine',
      'ghcr.io/astral-sh/uv:alpine',
      'fedora:40',
      'centos:7',
      'rockylinux:9',
      'registry.access.redhat.com/ubi9/ubi',
      'amazonlinux:2023',
      'opensuse/leap',
      'archlinux',
      'busybox',
      'scratch',
      'gcr.io/distroless/python3-debian12',
      'cgr.dev/chainguard/python',
      'docker:24-dind',
      'mcr.microsoft.com/windows/servercore:ltsc2022',
    ]) {
      const fact = factOf(image);
      assert.match(fact.kind === 'refused' ? fact.why : '', /not of the Debian and Ubuntu family/, image);
    }
    const unknown = factOf('someone/something:1');
    assert.match(unknown.kind === 'refused' ? unknown.why : '', /stand in for: only those/);
  });

  it('are told by the programs that people expect in them', () => {
    const programs = (image: string): unknown => {
      const fact = factOf(image);
      return fact.kind === 'known' ? [fact.programs, fact.python] : undefined;
    };
    assert.deepEqual(programs('python:3.12.4-slim'), [['python3', 'pip'], '3.12']);
    assert.deepEqual(programs('mcr.microsoft.com/devcontainers/python:1-3.11-bookworm'), [['python3', 'pip'], '3.11']);
    assert.deepEqual(programs('node:22'), [['node', 'npm'], undefined]);
    assert.deepEqual(programs('ghcr.io/astral-sh/uv:python3.13-trixie'), [['uv'], '3.13']);
    assert.deepEqual(programs('ubuntu'), [[], undefined]);
  });
});
